//===- Compat.c - What glibc 2.28 has not -----------------------*- C++ -*-===//
//
// Functions of later versions that the compiler's libraries and headers of the
// machine that quern was built on refer to. They are for this program alone.
//
//===----------------------------------------------------------------------===//
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>

// Since 2.33 these are functions; before, the headers made them of others.
struct stat;
extern int __fxstat(int version, int file, struct stat *);
extern int __xstat(int version, const char *path, struct stat *);
extern int __lxstat(int version, const char *path, struct stat *);
enum { kStatVersion = 1 }; // of x86-64

int fstat(int file, struct stat *to) { return __fxstat(kStatVersion, file, to); }
int fstat64(int file, struct stat *to) { return fstat(file, to); }
int stat(const char *path, struct stat *to) {
  return __xstat(kStatVersion, path, to);
}
int lstat(const char *path, struct stat *to) {
  return __lxstat(kStatVersion, path, to);
}

// 2.32. Whether atomic instructions may be left out: no.
char __libc_single_threaded = 0;

// 2.35. By which the unwinder finds the table of the code at an address. Under
// names of our own: the build machine's headers may or may not have them.
struct Found {
  unsigned long long flags;
  void *mapStart, *mapEnd;
  struct link_map *map;
  void *frames; // .eh_frame_hdr
  unsigned long long reserved[7];
};

struct Search {
  uintptr_t address;
  struct Found *result;
};

static int look(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  struct Search *search = data;
  const ElfW(Phdr) *frames = NULL, *code = NULL;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
    if (segment->p_type == PT_LOAD && search->address >= begin &&
        search->address - begin < segment->p_memsz)
      code = segment;
    if (segment->p_type == PT_GNU_EH_FRAME)
      frames = segment;
  }
  if (!code || !frames)
    return 0;
  struct Found *result = search->result;
  result->flags = 0;
  result->mapStart = (void *)(info->dlpi_addr + code->p_vaddr);
  result->mapEnd = (char *)result->mapStart + code->p_memsz;
  result->map = NULL;
  result->frames = (void *)(info->dlpi_addr + frames->p_vaddr);
  return 1;
}

int findFrames(void *address, struct Found *result) __asm__("_dl_find_object");
int findFrames(void *address, struct Found *result) {
  struct Search search = {(uintptr_t)address, result};
  return dl_iterate_phdr(look, &search) ? 0 : -1;
}
