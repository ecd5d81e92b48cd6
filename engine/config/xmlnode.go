package config

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// element is one element of the XML, with the names in lower case: sersync2 did not tell cases apart.
type element struct {
	name  string
	line  int
	attrs map[string]string
	// given is the attributes' names as written, in order.
	given    []string
	children []*element
}

// parseXML gives the tree of elements below a nameless root. Elements that are never closed, or
// closed but never opened, are faults with their lines; what they hold is read all the same.
func parseXML(src []byte, r *report) (*element, bool) {
	cleaned, ok := clean(src, r)
	if !ok {
		return nil, false
	}
	d := xml.NewDecoder(bytes.NewReader(cleaned))
	root := &element{}
	stack := []*element{root}
	for {
		line, _ := d.InputPos()
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			for _, e := range stack[1:] {
				r.fault(e.line, "", fmt.Sprintf("the element <%s> is never closed", e.name),
					fmt.Sprintf("add </%s>", e.name))
			}
			return root, len(stack) == 1
		}
		if err != nil {
			r.fault(syntaxLine(err, line), "", "is not XML: "+syntaxWords(err), "")
			return nil, false
		}
		switch t := token.(type) {
		case xml.StartElement:
			e := newElement(t, line, r)
			top := stack[len(stack)-1]
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = closeElement(stack, strings.ToLower(rawName(t.Name)), line, r)
		}
	}
}

// closeElement pops the element that the end tag names, and says which it left open.
func closeElement(stack []*element, name string, line int, r *report) []*element {
	for i := len(stack) - 1; i > 0; i-- {
		if stack[i].name != name {
			continue
		}
		for _, open := range stack[i+1:] {
			r.fault(open.line, "", fmt.Sprintf("the element <%s> is not closed before </%s> in line %d",
				open.name, name, line), fmt.Sprintf("add </%s>", open.name))
		}
		return stack[:i]
	}
	r.fault(line, "", fmt.Sprintf("</%s> closes nothing", name), "remove it")
	return stack
}

func newElement(t xml.StartElement, line int, r *report) *element {
	e := &element{name: strings.ToLower(rawName(t.Name)), line: line, attrs: map[string]string{}}
	for _, a := range t.Attr {
		name := rawName(a.Name)
		if _, twice := e.attrs[strings.ToLower(name)]; twice {
			r.fault(line, e.name+"@"+name, "is given twice", "remove one")
		}
		e.attrs[strings.ToLower(name)] = restore(a.Value)
		e.given = append(e.given, name)
	}
	return e
}

func rawName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + restore(n.Local)
	}
	return restore(n.Local)
}

func syntaxLine(err error, line int) int {
	var se *xml.SyntaxError
	if errors.As(err, &se) && se.Line > 0 {
		return se.Line
	}
	return line
}

func syntaxWords(err error) string {
	var se *xml.SyntaxError
	if errors.As(err, &se) {
		return se.Msg
	}
	return err.Error()
}

// child is the first element of that name; nil if there is none.
func (e *element) child(name string) *element {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.name == strings.ToLower(name) {
			return c
		}
	}
	return nil
}

// all is every element of that name.
func (e *element) all(name string) (found []*element) {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.name == strings.ToLower(name) {
			found = append(found, c)
		}
	}
	return found
}
