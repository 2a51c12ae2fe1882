// Package faultproxy stands between two processes and breaks what they say to
// each other, at the moment a test names: the connection of a consumer to its
// database, and the calls of a program to SNS, SQS or a collector.
//
// Start from [NewPostgres], which knows the wire protocol and so can act
// between a batch's rows and its commit, or between the commit and the client's
// hearing of it; or from [NewHTTP]. Each listens on the loopback address, keeps
// what it holds bounded, and leaves nothing behind once it is closed.
//
// What the local SNS and SQS can do themselves (see messaging.Fault) is not
// here: errors as AWS words them, and entries of a batch that fail. Of this
// module it imports internal/freeport.
package faultproxy
