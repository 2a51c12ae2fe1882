// Package web is the page of a local pipeline: its latest traces in a list, and
// the story of one of them as internal/story writes it. It is served on
// loopback only, is made of files that are embedded, and loads nothing from
// elsewhere. It also answers the looks of `tracehaul trace`.
//
// Start from [New]. Where the traces come from is a [Source].
//
// Of this module it imports internal/story, internal/story/source and
// internal/trace.
package web
