// Package bucket is as much of Amazon S3 as the load balancer's access log
// needs: objects are put from within the process, and read by GetObject over
// HTTP.
//
// Start from [New]; a [Store] is an [http.Handler] for path-style requests,
// which the SDK sends to an endpoint that is an address. Any other call answers
// NotImplemented and names itself. The oldest objects go when there are too
// many. Signatures are not checked.
//
// It is a test bed and a demo, never a product. It imports the standard library
// alone.
package bucket
