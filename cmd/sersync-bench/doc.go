// Command sersync-bench measures sersync from end to end, and soaks it. The work is package bench's;
// here are its flags, its signals and its exit codes: 0 when every scenario ended with identical
// replicas, whether or not it met its targets, else 1.
package main
