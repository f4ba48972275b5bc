//===- Program.cpp - A linked program that knows its length ---------------===//
#include "codegen/Program.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>
#include <unistd.h>

using namespace quern;
using namespace llvm::ELF;

/// What is read before any page of the file can be missing.
static constexpr uint64_t kHead = 4096;

/// The kernel clears what a segment has in memory beyond its part of the file,
/// on that part's last page, too, and kills the program if the page is not
/// there. A segment that has nothing but the rest of that page need not claim
/// it: it is mapped all the same.
static void dropRestsOfPages(char *head) {
  Elf64_Ehdr header;
  std::memcpy(&header, head, sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    uint64_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
    if (at + sizeof(Elf64_Phdr) > kHead)
      return;
    Elf64_Phdr segment;
    std::memcpy(&segment, head + at, sizeof segment);
    uint64_t page = llvm::alignTo(segment.p_vaddr + segment.p_filesz, 4096);
    if (segment.p_type == PT_LOAD && segment.p_filesz &&
        segment.p_vaddr + segment.p_memsz <= page)
      segment.p_memsz = segment.p_filesz;
    std::memcpy(head + at, &segment, sizeof segment);
  }
}

llvm::Error quern::expectLength(int file, const std::string &path,
                                uint64_t length) {
  char head[kHead] = {};
  if (pread(file, head, kHead, 0) != kHead)
    return llvm::createStringError(path + ": cannot read the program");
  size_t marker = llvm::StringRef(head, kHead).find("QUERNLEN");
  if (marker == llvm::StringRef::npos || marker + 16 > kHead)
    return llvm::createStringError(path +
                                   ": the runtime does not begin as it should");
  std::memcpy(head + marker + 8, &length, sizeof length);
  dropRestsOfPages(head);
  if (pwrite(file, head, kHead, 0) != kHead)
    return llvm::createStringError(path + ": cannot write the program");
  return llvm::Error::success();
}
