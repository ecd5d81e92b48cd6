package config

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// yamlReader reads nodes and reports every fault with its line.
type yamlReader struct {
	*report
	aliases int
}

const (
	emptyWords  = "is empty"
	emptyRemedy = "it needs at least trees: with a path and a target"
)

// maxAliases bounds how often anchors are followed: a few may build a huge document.
const maxAliases = 1000

// parseYAML gives the document's node, false if there is none to read.
func parseYAML(src []byte, r *report) (*yaml.Node, bool) {
	var doc yaml.Node
	if len(bytes.TrimSpace(src)) == 0 {
		r.fault(1, "", emptyWords, emptyRemedy)
		return nil, false
	}
	if err := yaml.Load(src, &doc); err != nil {
		var one *yaml.LoadError
		var many *yaml.LoadErrors
		if errors.As(err, &many) && len(many.Errors) > 0 {
			one = many.Errors[0]
		}
		switch found := one != nil || errors.As(err, &one); {
		case found && one.Mark.Line == 0, !found && errors.Is(err, io.EOF): // comments alone
			r.fault(1, "", emptyWords, emptyRemedy)
		case found:
			// The end of the text is the line after the last.
			r.fault(min(one.Mark.Line, bytes.Count(src, []byte("\n"))+1), "", "is not YAML: "+one.Message, "")
		default:
			r.fault(1, "", "is not YAML: "+err.Error(), "")
		}
		return nil, false
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		r.fault(1, "", emptyWords, emptyRemedy)
		return nil, false
	}
	return doc.Content[0], true
}

// real follows an alias.
func (y *yamlReader) real(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		if y.aliases++; y.aliases > maxAliases {
			if y.aliases == maxAliases+1 {
				y.fault(n.Line, "", "uses too many aliases", "")
			}
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: n.Line}
		}
		n = n.Alias
	}
	return n
}

// keys says what to do with the value of each key.
type keys map[string]func(n *yaml.Node, where string)

// mapping reads a mapping. Unknown and repeated keys are faults.
func (y *yamlReader) mapping(n *yaml.Node, where string, known keys) {
	n = y.real(n)
	if n.Kind != yaml.MappingNode {
		y.fault(n.Line, where, "is "+kindWords(n)+", not a mapping of keys to values", "")
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := y.real(n.Content[i]), n.Content[i+1]
		path := join(where, key.Value)
		if at, twice := seen[key.Value]; twice {
			y.fault(key.Line, path, fmt.Sprintf("was given in line %d already", at), "remove one")
			continue
		}
		seen[key.Value] = key.Line
		read, ok := known[key.Value]
		switch {
		case !ok:
			y.fault(key.Line, path, "is an unknown key", suggest(key.Value, sortedKeys(known)))
		case isNull(y.real(value)):
			y.fault(key.Line, path, "has no value", "write one, or remove the key")
		default:
			read(value, path)
		}
	}
}

// has is whether a mapping has the key, right or wrong.
func (y *yamlReader) has(n *yaml.Node, key string) bool {
	n = y.real(n)
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

// list calls read for each element of a sequence; a single value is a list of one.
func (y *yamlReader) list(n *yaml.Node, where string, read func(n *yaml.Node, where string)) {
	n = y.real(n)
	if n.Kind != yaml.SequenceNode {
		read(n, where)
		return
	}
	for i, c := range n.Content {
		read(c, fmt.Sprintf("%s[%d]", where, i))
	}
}

// text reads a scalar as it is written; !!binary is base64 of bytes that are not UTF-8.
func (y *yamlReader) text(n *yaml.Node, where string) (string, bool) {
	n = y.real(n)
	if n.Kind != yaml.ScalarNode {
		y.fault(n.Line, where, "is "+kindWords(n)+", not a text", "")
		return "", false
	}
	if n.ShortTag() == "!!binary" {
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
		if err != nil {
			y.fault(n.Line, where, "is not base64", "")
		}
		return string(b), err == nil
	}
	return n.Value, true
}

func (y *yamlReader) setText(to *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, where string) {
		if s, ok := y.text(n, where); ok {
			*to = s
		}
	}
}

func (y *yamlReader) setBool(to *bool) func(*yaml.Node, string) {
	return func(n *yaml.Node, where string) {
		switch s, ok := y.text(n, where); {
		case !ok:
		case s == "true" || s == "false":
			*to = s == "true"
		default:
			y.fault(n.Line, where, fmt.Sprintf("%q is neither true nor false", s), "")
		}
	}
}

func (y *yamlReader) setInt(to *int, least, most int) func(*yaml.Node, string) {
	return func(n *yaml.Node, where string) {
		s, ok := y.text(n, where)
		v, err := strconv.Atoi(s)
		if ok && (err != nil || v < least || v > most) {
			y.fault(n.Line, where, fmt.Sprintf("%q is not a number from %d to %d", s, least, most), "")
		} else if ok {
			*to = v
		}
	}
}

// parsed sets what parse makes of the text.
func parsed[T any](y *yamlReader, to *T, parse func(string) (T, error)) func(*yaml.Node, string) {
	return func(n *yaml.Node, where string) {
		s, ok := y.text(n, where)
		if !ok {
			return
		}
		v, err := parse(s)
		if err != nil {
			y.fault(n.Line, where, err.Error(), "")
			return
		}
		*to = v
	}
}

// oneOf sets one of a few words.
func (y *yamlReader) oneOf(to *string, words []string) func(*yaml.Node, string) {
	return parsed(y, to, func(s string) (string, error) {
		for _, w := range words {
			if s == w {
				return s, nil
			}
		}
		return "", fmt.Errorf("%q is none of %s", s, strings.Join(words, ", "))
	})
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

func kindWords(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}

func join(where, key string) string {
	if where == "" {
		return key
	}
	return where + "." + key
}
