// Package config reads what is to be mirrored where: sersync2's confxml.xml, the program's own
// YAML, or the command line of "sersync mirror", each into the same [Config].
//
// # Usage
//
//	c, err := config.Load("confxml.xml")  // XML or YAML, told apart by content
//	for _, f := range config.FindingsOf(err) { … } // every fault at once, each with its line
//	for _, f := range c.Check(env) { … }  // what the machine says to it
//	rules, err := c.Trees[0].Rules(stateDir)
//
// # sersync2's XML
//
// The files that people have are not always XML. Comments with "--" inside, bare "&" and "<" in
// attributes, text between elements, missing blanks between attributes and wrong encodings are
// made harmless before encoding/xml sees them, line for line; attribute values are the bytes of
// the file. What can't be guessed, an element that is never closed, is an error with its line.
// An element that is missing has the value of the confxml.xml that sersync2 shipped.
//
// commonParams are split as a shell would, never run by one, and each option is looked up in one
// table ([Options]): kept for rsync, a setting of ours, a filter rule, dropped, or refused.
//
// # YAML
//
// Unknown keys are errors. testdata/example.yaml is the annotated reference.
//
// # Concurrency
//
// A Config is plain data. Nothing here starts a goroutine.
package config
