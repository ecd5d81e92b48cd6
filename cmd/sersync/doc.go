// Command sersync mirrors directory trees to other machines with rsync, as they change.
//
// It is also sersync2's command line: without a subcommand, and under the name sersync2, its flags
// mean what they meant there. docs/cli.md has all of it.
package main
