/* SPDX-License-Identifier: BSD-3-Clause
 * How long the disk under a folder takes for one fdatasync of 4 KiB.
 *
 *   sync_probe FOLDER      prints "append_us N overwrite_us N", medians
 *
 * Appending changes the file's length as well; overwriting is what a journal that is used again
 * costs.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	BLOCK = 4096,
	ROUNDS = 301,
};

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;
	return (*left > *right) - (*left < *right);
}

/* The median of one write and its fdatasync each, in microseconds; -1 when the disk refuses. */
static int64_t median_us(int file)
{
	static int64_t took[ROUNDS];
	uint8_t block[BLOCK];

	memset(block, 'x', sizeof block);
	for (int i = 0; i < ROUNDS; i++) {
		int64_t began = now_ns();
		if (pwrite(file, block, sizeof block, (off_t)i * BLOCK) != BLOCK ||
			fdatasync(file) != 0)
			return -1;
		took[i] = now_ns() - began;
	}
	qsort(took, ROUNDS, sizeof took[0], ascending);
	return took[ROUNDS / 2] / 1000;
}

int main(int argc, char *argv[])
{
	char path[4096];

	if (argc != 2) {
		fputs("usage: sync_probe FOLDER\n", stderr);
		return 2;
	}
	snprintf(path, sizeof path, "%s/sync_probe.%d", argv[1], (int)getpid());
	int file = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (file < 0) {
		perror(path);
		return 1;
	}
	unlink(path);
	int64_t append_us = median_us(file);
	int64_t overwrite_us = median_us(file);
	close(file);
	printf("append_us %lld overwrite_us %lld\n", (long long)append_us, (long long)overwrite_us);
	return append_us < 0 || overwrite_us < 0 ? 1 : 0;
}
