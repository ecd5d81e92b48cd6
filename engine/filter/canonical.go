package filter

// FilterText is the rule as a rule of --filter, whatever its form.
func (r RsyncRule) FilterText() string {
	if r.Form == FilterForm {
		return r.Text
	}
	a, pattern := oldPrefix(r.Text, r.Form)
	switch a {
	case actClear:
		return "!"
	case actInclude:
		return "+ " + pattern
	}
	return "- " + pattern
}
