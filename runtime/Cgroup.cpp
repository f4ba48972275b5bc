//===- Cgroup.cpp - What a container is allowed ---------------------------===//
#include "Cgroup.h"
#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

using namespace quern;

std::string quern::readSmallFile(const std::string &path) {
  std::string text;
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return text;
  char buffer[4096];
  for (ssize_t n; (n = read(file, buffer, sizeof(buffer))) > 0;)
    text.append(buffer, n);
  close(file);
  return text;
}

/// Whether a list with commas has the word.
static bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    size_t comma = std::min(words.find(','), words.size());
    if (words.substr(0, comma) == word)
      return true;
    words.remove_prefix(std::min(comma + 1, words.size()));
  }
  return false;
}

/// From a line "ID:controllers:PATH", whose controllers are empty in version 2.
static void addFolders(std::string_view line, std::string_view controller,
                       std::string root, std::vector<std::string> &folders) {
  size_t first = line.find(':');
  size_t second = line.find(':', first + 1);
  if (first == line.npos || second == line.npos)
    return;
  std::string_view controllers = line.substr(first + 1, second - first - 1);
  if (!controllers.empty() && !lists(controllers, controller))
    return;
  if (!controllers.empty())
    root += "/" + std::string(controllers);
  std::string folder = root + std::string(line.substr(second + 1));
  if (folder.ends_with('/'))
    folder.pop_back();
  while (folder.size() >= root.size()) {
    folders.push_back(folder);
    folder.resize(folder.rfind('/'));
  }
}

std::vector<std::string> quern::cgroupFolders(std::string_view controller,
                                              const CgroupFiles &files) {
  std::vector<std::string> folders;
  std::string text = readSmallFile(files.ofProcess);
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    addFolders(std::string_view(text).substr(at, end - at), controller,
               files.root, folders);
    at = end + 1;
  }
  return folders;
}

uint64_t quern::allowedMemory(const CgroupFiles &files) {
  uint64_t bytes =
      uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  for (const std::string &folder : cgroupFolders("memory", files))
    for (const char *name : {"/memory.max", "/memory.limit_in_bytes"}) {
      std::string text = readSmallFile(folder + name);
      uint64_t limit = 0; // of "max", which is none
      std::from_chars(text.data(), text.data() + text.size(), limit);
      if (limit)
        bytes = std::min(bytes, limit);
    }
  return bytes;
}
