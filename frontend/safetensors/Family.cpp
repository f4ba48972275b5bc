//===- Family.cpp - How a family of models is named ------------*- C++ -*-===//
//
// The list of families, made by CMake from the folder.
//
//===----------------------------------------------------------------------===//
#include "frontend/safetensors/Family.h"
#include "frontend/ReaderSupport.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace quern;

namespace quern::families {
#define QUERN_FAMILY(name) const Family &name();
#include "frontend/safetensors/Families.def"
#undef QUERN_FAMILY
} // namespace quern::families

using GetFamily = const Family &();
static constexpr GetFamily *allFamilies[] = {
#define QUERN_FAMILY(name) &families::name,
#include "frontend/safetensors/Families.def"
#undef QUERN_FAMILY
};

bool quern::hasArchitecture(const JsonObject &config, StringRef architecture) {
  const Json *list = config.find("architectures");
  if (!list || !list->is_array())
    return false;
  for (const Json &entry : *list)
    if (jsonString(entry) == architecture)
      return true;
  return false;
}

/// What the model calls itself.
static std::string describe(const JsonObject &config) {
  const Json *list = config.find("architectures");
  if (list && list->is_array() && !list->empty())
    if (std::optional<StringRef> name = jsonString((*list)[0]))
      return "architecture " + inQuotes(*name);
  if (const Json *type = config.find("model_type"))
    if (std::optional<StringRef> name = jsonString(*type))
      return "model_type " + inQuotes(*name);
  return "a model without architectures and model_type";
}

Expected<const Family *> quern::findFamily(const JsonObject &config) {
  SmallVector<StringRef> names;
  for (GetFamily *get : allFamilies) {
    const Family &family = get();
    if (family.matches(config))
      return &family;
    names.push_back(family.name);
  }
  return fileError(config.file(), describe(config) +
                                      " is not supported, expected one of: " +
                                      join(names, ", "));
}
