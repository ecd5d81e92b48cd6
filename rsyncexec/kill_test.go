package rsyncexec

const childMode = "SERSYNC_TEST_CHILD"

func child(string) int { return 0 }
