// Package alblog reads the access log of an Application Load Balancer: entries
// of requests that reached a target, and of those that never did.
//
// Start from [NewReader] for a file as it lies in S3, from [Parse] for one line.
//
//	r, err := alblog.NewReader(object.Body)
//	for err == nil {
//		var e alblog.Entry
//		err = r.Next(&e)
//		if bad, ok := errors.AsType[*alblog.LineError](err); ok {
//			log.Print(bad) // which line and field; nothing of what it holds
//			err = nil
//		}
//	}
//
// The format is AWS's, "Access logs for your Application Load Balancer",
// Access log entries: fields in a fixed order, new ones at the end. Fields that
// are not known here are kept as they came. A number or an address that cannot
// be read is left off, and its entry says so: see [Entry.Faulty].
//
// AWS documents no escapes. Its logs show what would end a quoted field, or is
// not printable ASCII, as \xNN: see the line from S3 in
// https://github.com/DataBiosphere/azul/pull/4920. Backslashes before a quote
// and before a backslash are taken off as well. A quote that is neither escaped
// nor before a space belongs to its field.
//
// Of this module it imports nothing.
// It needs the standard library alone.
package alblog
