package rsyncexec

type cage struct{}

func newCage(o *Options) *cage  { return nil }
func (c *cage) enter(int) error { return nil }
