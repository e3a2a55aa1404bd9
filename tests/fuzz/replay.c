/* SPDX-License-Identifier: BSD-3-Clause
 * Runs a fuzz target on files, for builds without a fuzzer: every input that was ever of interest
 * is a test from then on.
 *
 * usage: fuzz_<target> <file or folder>...
 */
#include <dirent.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

enum {
	INPUT_MAX = 1024 * 1024,
	PATH_ROOM = 4096,
};

static unsigned int replayed;

static int replay_file(const char *path)
{
	FILE *from = fopen(path, "rb");
	if (from == NULL) {
		perror(path);
		return 1;
	}
	uint8_t *bytes = malloc(INPUT_MAX);
	size_t size = bytes == NULL ? 0 : fread(bytes, 1, INPUT_MAX, from);
	fclose(from);
	/* In memory of its own size, so that a read beyond the end is seen. */
	uint8_t *input = malloc(size + 1);
	if (input == NULL || bytes == NULL) {
		free(bytes);
		free(input);
		return 1;
	}
	memcpy(input, bytes, size);
	free(bytes);
	uint8_t *exact = realloc(input, size == 0 ? 1 : size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	replayed++;
	return 0;
}

static int replay(const char *path)
{
	DIR *folder = opendir(path);
	if (folder == NULL)
		return replay_file(path);
	int failed = 0;
	struct dirent *entry;
	while ((entry = readdir(folder)) != NULL) {
		char inner[PATH_ROOM];
		if (entry->d_name[0] == '.')
			continue;
		int len = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		failed |= len < 0 || (size_t)len >= sizeof inner ? 1 : replay_file(inner);
	}
	closedir(folder);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;
	if (LLVMFuzzerInitialize != NULL)
		LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	printf("%u inputs\n", replayed);
	if (replayed == 0)
		fprintf(stderr, "nothing was replayed: name the files or folders of a corpus\n");
	return failed || replayed == 0;
}
