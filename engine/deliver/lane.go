package deliver

import "github.com/sersync/sersync/engine/task"

// form is what a run's debts have in common. It is finer than task.Kind: exact paths and listings
// are apart because a listing may delete names that nobody named, and the guard answers for a whole
// run; a large file whose content is owed goes alone.
type form uint8

const (
	formContent form = iota
	formEntry
	formListing
	formTree
	formLarge
	formAlone
	forms
)

func formOf(d *task.Debt) form {
	switch task.KindOf(*d) {
	case task.KindTree:
		return formTree
	case task.KindLarge:
		if d.What&task.Content != 0 && d.Scope == task.Entry {
			return formAlone
		}
		return formLarge
	case task.KindContent:
		return formContent
	}
	if d.Scope == task.Listing {
		return formListing
	}
	return formEntry
}

// origins is how many task.Origin there are.
const origins = task.Recovery + 1

// lane is the set of ready debts that fit into one run: of one class, of one form, and of one
// origin, for which the guard answers.
type lane int

const lanes = lane(int(task.ClassBulk+1) * int(origins) * int(forms))

func laneOf(d *task.Debt) lane {
	return lane(int(d.Class)*int(origins)*int(forms) + int(d.Origin)*int(forms) + int(formOf(d)))
}

func (l lane) class() task.Class   { return task.Class(int(l) / (int(origins) * int(forms))) }
func (l lane) origin() task.Origin { return task.Origin(int(l) / int(forms) % int(origins)) }
func (l lane) form() form          { return form(int(l) % int(forms)) }

// lanesOf returns the first lane of a class, and the one after its last.
func lanesOf(c task.Class) (from, to lane) {
	n := lane(int(origins) * int(forms))
	return lane(c) * n, (lane(c) + 1) * n
}

func (f form) kind() task.Kind {
	switch f {
	case formContent:
		return task.KindContent
	case formTree:
		return task.KindTree
	case formLarge, formAlone:
		return task.KindLarge
	}
	return task.KindQuick
}
