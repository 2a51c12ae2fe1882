// Package completion completes the command lines of a program that is read by
// kong, in bash, zsh and fish.
//
// [Script] is what a shell reads. It knows nothing of the program: at each Tab
// it runs the program itself, with [Command] and the words before the cursor,
// and [Run] answers from kong's model. So what is offered can never differ from
// what the program takes.
//
// A flag or an argument takes, in this order: what is said by the function that
// is given for its tag `complete`, the values of its tag `enum`, or, for one
// whose placeholder is FILE, PATH, PROGRAM or DIR, files.
//
// It is our own, as the libraries for kong (willabides/kongplete, on
// posener/complete, and jotaen/kong-completion) have had no release since 2023
// and earlier, and complete fish and zsh through bash's rules. It imports
// nothing of ours.
package completion
