// Package plant makes the trees that benchmarks work on, and the loads that rewrite them, at the
// speed of the disk.
//
// # Usage
//
// [Tree] writes many small files in parallel, [Dirs] only directories, [Rewrite] is a storm on a few
// files. All say which paths they made. What is written is compressible by nobody and depends only
// on name and version, so that two versions of a file never look alike.
package plant
