//===- Artifact.cpp - An executable and the model inside it -----*- C++ -*-===//
#include "Artifact.h"
#include "Error.h"
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace quern;
using plan::Section;
using plan::Trailer;

/// More than any version will have; a table that claims more is damaged.
static constexpr uint32_t kMostSections = 64;

std::string_view quern::baseName(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

static std::string_view nameOf(const Section &section) {
  return {section.name, strnlen(section.name, sizeof(section.name))};
}

static bool isGraphic(char c) { return c > ' ' && c < 0x7f; }

static Mapping mapFile(const std::string &path) {
  // Not to wait for the other end of a pipe that has this name.
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    throw Error(fmt::format("{}: cannot open: {}", path, strerror(errno)));
  struct Closer {
    int descriptor;
    ~Closer() { close(descriptor); }
  } closer{descriptor};
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    throw Error(fmt::format("{}: cannot read: {}", path, strerror(errno)));
  if (!S_ISREG(status.st_mode))
    throw Error(fmt::format("{}: is not a regular file", path));
  return Mapping::file(descriptor, status.st_size, path.c_str());
}

Artifact Artifact::self() {
  // The name may lead elsewhere by now; /proc does not, where it is mounted.
  const char *link = "/proc/self/exe";
  auto *name = reinterpret_cast<const char *>(getauxval(AT_EXECFN));
  const char *path = !name || access(link, R_OK) == 0 ? link : name;
  Artifact artifact(path, name ? name : link);
  artifact.openSidecar(path);
  return artifact;
}

Artifact::Artifact(const std::string &path) : Artifact(path, path) {
  openSidecar(path);
}

Artifact::Artifact(const std::string &path, std::string shown)
    : file(std::move(shown)), mapping(mapFile(path)) {
  readTable();
  // The large ones are for `verify`.
  for (const Section &section : table)
    if (nameOf(section) != "weights" && nameOf(section) != "program")
      checkSection(section);
}

/// The folder that a file really lies in, whatever links lead there.
static std::string folderOf(const std::string &path) {
  std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr),
                                              &free);
  if (!real)
    throw Error(fmt::format("{}: cannot tell where it is, nor its weights: {}",
                            path, strerror(errno)));
  std::string_view name = real.get();
  return std::string(name.substr(0, name.rfind('/') + 1));
}

void Artifact::openSidecar(const std::string &path) {
  if (!find("sidecar"))
    return;
  std::span<const uint8_t> bytes = section("sidecar");
  plan::Sidecar wanted;
  if (bytes.size() != sizeof(wanted))
    throw Error(fmt::format("{}: section sidecar has {} bytes, expected {}",
                            file, bytes.size(), sizeof(wanted)));
  memcpy(&wanted, bytes.data(), sizeof(wanted));
  std::string name(wanted.name, strnlen(wanted.name, sizeof(wanted.name)));
  if (name.empty() || name.size() == sizeof(wanted.name) ||
      name.find('/') != name.npos)
    throw Error(fmt::format("{}: section sidecar names no file", file));
  std::string place = folderOf(path) + name;
  if (access(place.c_str(), F_OK) != 0)
    throw Error(fmt::format("{}: {}; the weights of '{}' must lie beside it",
                            place, strerror(errno), baseName(file)));
  std::unique_ptr<Artifact> opened(new Artifact(place, place));
  const Section *weights = opened->find("weights");
  if (!weights || weights->size != wanted.size ||
      weights->checksum != wanted.checksum)
    throw Error(fmt::format("{}: not the weights that '{}' was compiled with",
                            place, baseName(file)));
  sidecar = std::move(opened);
}

/// Reads trailer and section table and checks them: afterwards every section
/// lies within the file.
void Artifact::readTable() {
  uint64_t size = mapping.size();
  Trailer trailer;
  if (size < sizeof(trailer))
    throw Error(fmt::format("{}: holds no model", file));
  memcpy(&trailer, mapping.data() + size - sizeof(trailer), sizeof(trailer));
  if (trailer.magic != plan::kMagic)
    throw Error(fmt::format("{}: holds no model, or was cut short: no trailer "
                            "at offset {}",
                            file, size - sizeof(trailer)));
  if (trailer.version != plan::kVersion)
    throw Error(fmt::format("{}: payload of version {}, but the runtime is of "
                            "version {}",
                            file, trailer.version, plan::kVersion));
  if (trailer.fileSize != size)
    throw Error(fmt::format("{}: has {} bytes, but was written with {}", file,
                            size, trailer.fileSize));
  uint64_t end = size - sizeof(trailer);
  uint64_t bytes = uint64_t(trailer.sections) * sizeof(Section);
  if (trailer.sections > kMostSections || trailer.sectionTable > end ||
      bytes > end - trailer.sectionTable)
    throw Error(fmt::format("{}: section table at offset {} does not fit into "
                            "the file",
                            file, trailer.sectionTable));
  const std::byte *at = mapping.data() + trailer.sectionTable;
  if (plan::checksum(at, bytes) != trailer.checksum)
    throw Error(fmt::format("{}: section table at offset {} is damaged", file,
                            trailer.sectionTable));
  table.resize(trailer.sections);
  if (bytes)
    memcpy(table.data(), at, bytes);
  for (const Section &section : table) {
    std::string_view name = nameOf(section);
    if (name.empty() || !std::all_of(name.begin(), name.end(), isGraphic))
      throw Error(fmt::format("{}: section {} has no name", file,
                              &section - table.data()));
    if (section.offset % plan::kPage || section.offset > end ||
        section.size > end - section.offset)
      throw Error(fmt::format("{}: section {} at offset {} does not fit into "
                              "the file",
                              file, name, section.offset));
  }
}

void Artifact::checkSection(const Section &section) const {
  if (plan::checksum(mapping.data() + section.offset, section.size) !=
      section.checksum)
    throw Error(fmt::format("{}: section {} at offset {} is damaged", file,
                            nameOf(section), section.offset));
}

const Section *Artifact::find(std::string_view name) const {
  for (const Section &section : table)
    if (nameOf(section) == name)
      return &section;
  return nullptr;
}

std::span<const uint8_t> Artifact::section(std::string_view name) const {
  if (const Section *found = find(name))
    return mapping.bytes().subspan(found->offset, found->size);
  if (sidecar)
    return sidecar->section(name);
  throw Error(fmt::format("{}: has no section {}", file, name));
}

void Artifact::verify() const {
  for (const Section &section : table)
    checkSection(section);
  if (sidecar)
    sidecar->verify();
}
