// walkc is the least that any program must do to watch a tree with inotify: it opens every
// directory, adds its watch through /proc/self/fd, reads its entries 64 KiB at a time and goes on
// with those that are directories. One thread, depth first, no table, no names kept but those that
// wait to be opened. kern/inotify is measured against it.
//
//	cc -O2 -o walkc walkc.c && ./walkc DIR    prints: directories, watches, seconds
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct linux_dirent64 {
	unsigned long long d_ino;
	long long d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[];
};

enum { BUFFER = 64 << 10 };

static int inotify;
static long dirs, watches;
static const unsigned mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY |
	IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

// walk watches and reads the directory fd, then what is below it. The names of its directories
// wait in a list of its own.
static void walk(int fd, char *buffer)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	dirs++;
	if (inotify_add_watch(inotify, path, mask) < 0)
		die("inotify_add_watch");
	watches++;

	char *names = NULL;
	size_t used = 0, room = 0;
	long n;
	while ((n = syscall(SYS_getdents64, fd, buffer, BUFFER)) > 0) {
		for (long at = 0; at < n;) {
			struct linux_dirent64 *d = (void *)(buffer + at);
			at += d->d_reclen;
			if (d->d_type != DT_DIR || !strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
				continue;
			size_t length = strlen(d->d_name) + 1;
			if (used + length > room) {
				room = 2 * (used + length);
				if (!(names = realloc(names, room)))
					die("realloc");
			}
			memcpy(names + used, d->d_name, length);
			used += length;
		}
	}
	if (n < 0)
		die("getdents64");
	for (size_t at = 0; at < used; at += strlen(names + at) + 1) {
		int child = openat(fd, names + at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0) {
			if (errno == ENOENT)
				continue;
			die(names + at);
		}
		walk(child, buffer);
		close(child);
	}
	free(names);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: walkc DIR\n");
		return 2;
	}
	char *buffer = malloc(BUFFER);
	inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (!buffer || inotify < 0)
		die("inotify_init1");
	struct timespec begin, end;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	int root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		die(argv[1]);
	walk(root, buffer);
	close(root);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%ld %ld %.6f\n", dirs, watches,
		(double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	return 0;
}
