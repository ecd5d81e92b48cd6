package wild

// ops are the kinds of change and how often each is drawn.
func ops(o Options) []op {
	all := []op{
		// Files.
		{10, (*Wild).create},
		{10, (*Wild).rewrite},
		{6, (*Wild).poke},
		{8, (*Wild).append},
		{5, (*Wild).truncate},
		{8, (*Wild).replace},
		{8, (*Wild).renameFile},
		{8, (*Wild).removeFile},
		{4, (*Wild).hardLink},
		{2, (*Wild).linkAndUnlink},
		{4, (*Wild).symlink},
		{2, (*Wild).special},
		{3, (*Wild).flicker},
		// Attributes.
		{4, (*Wild).chmod},
		{3, (*Wild).chown},
		{4, (*Wild).touch},
		// Directories.
		{6, (*Wild).mkdir},
		{5, (*Wild).mkdirAll},
		{7, (*Wild).renameDir},
		{3, (*Wild).renameAndWrite},
		{3, (*Wild).removeDir},
		{3, (*Wild).recreateDir},
		{2, (*Wild).swapDirs},
		{2, (*Wild).thereAndBack},
		// Types.
		{2, (*Wild).dirToLink},
		{2, (*Wild).linkToDir},
		{2, (*Wild).fileToDir},
		{1, (*Wild).dirToFile},
		// In and out.
		{2, (*Wild).moveFileOut},
		{2, (*Wild).moveDirOut},
		{4, (*Wild).moveIn},
		{2, (*Wild).unpack},
		{1, (*Wild).crowd},
		// Open files.
		{4, (*Wild).hold},
		{6, (*Wild).holdOn},
		{3, (*Wild).mapFile},
	}
	if o.Stamps {
		all = append(all, op{3, (*Wild).sameStamp})
	}
	return all
}
