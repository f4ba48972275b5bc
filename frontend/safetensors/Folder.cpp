//===- Folder.cpp - A Hugging Face model folder ----------------*- C++ -*-===//
//
// config.json decides the family, which names the rest; then the weights, and
// last the tokenizer, whose ids are checked against the embedding's rows.
//
//===----------------------------------------------------------------------===//
#include "frontend/safetensors/Folder.h"
#include "frontend/ReaderSupport.h"
#include "frontend/safetensors/Family.h"
#include "frontend/safetensors/Safetensors.h"
#include "frontend/safetensors/Tokenizer.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace quern;

static constexpr uint64_t maxConfigBytes = 1 << 24;
static constexpr uint64_t maxTokenizerBytes = 1 << 27;
static constexpr StringLiteral weightsName = "model.safetensors";
static constexpr StringLiteral indexName = "model.safetensors.index.json";

bool DiskFolder::has(StringRef name) const {
  SmallString<128> full(path);
  sys::path::append(full, name);
  return sys::fs::exists(full);
}

Expected<MappedFile> DiskFolder::open(StringRef name, uint64_t maxBytes) const {
  SmallString<128> full(path);
  sys::path::append(full, name);
  return MappedFile::open(full, maxBytes);
}

namespace {

/// A parsed file and its name, which the JsonObject views.
struct JsonFile {
  std::string name;
  Json json;
};

/// Where the index says a tensor is.
using Index = StringMap<std::string>;

class FolderCheckpoint : public Checkpoint {
public:
  FolderCheckpoint(StringRef path, const ModelFolder &folder,
                   const StorageTypes &types, Extent extent)
      : folder(folder), types(types), extent(extent), strings(allocator),
        writer(meta, strings) {
    file = path.str();
  }

  Error read(StringRef weightsFile);

private:
  Expected<JsonObject> openJson(StringRef name, uint64_t maxBytes,
                                JsonFile &storage) const;
  Expected<std::optional<JsonObject>> openOptional(StringRef name,
                                                   JsonFile &storage) const;
  Error readConfig();
  Error readIndex(Index &index) const;
  Expected<std::vector<std::string>> shards(StringRef weightsFile,
                                            const Index &index) const;
  Error readShard(StringRef name, StringMap<StringRef> &shardOf);
  Error readWeights(StringRef weightsFile);
  Error readTokenizer();

  const ModelFolder &folder; // only while reading
  const StorageTypes &types; // likewise
  Extent extent;
  BumpPtrAllocator allocator;
  StringSaver strings; // keys and values made by translation
  MetaWriter writer;
  std::vector<MappedFile> weights;
  JsonFile configFile;
  std::optional<JsonObject> config; // only while reading
  const Family *family = nullptr;
};

Expected<JsonObject> FolderCheckpoint::openJson(StringRef name,
                                                uint64_t maxBytes,
                                                JsonFile &storage) const {
  Expected<MappedFile> mapped = folder.open(name, maxBytes);
  if (!mapped)
    return mapped.takeError();
  storage.name = mapped->name();
  Expected<Json> json = parseJson(storage.name, mapped->text());
  if (!json)
    return json.takeError();
  storage.json = std::move(*json);
  return JsonObject::root(storage.name, storage.json);
}

Expected<std::optional<JsonObject>>
FolderCheckpoint::openOptional(StringRef name, JsonFile &storage) const {
  if (!folder.has(name))
    return std::optional<JsonObject>();
  Expected<JsonObject> object = openJson(name, maxConfigBytes, storage);
  if (!object)
    return object.takeError();
  return std::optional(std::move(*object));
}

Error FolderCheckpoint::readConfig() {
  Expected<JsonObject> object =
      openJson("config.json", maxConfigBytes, configFile);
  if (!object)
    return object.takeError();
  config = std::move(*object);
  if (config->find("quantization_config"))
    return config->error("quantization_config",
                         "is there: quantized safetensors are not supported");
  Expected<const Family *> found = findFamily(*config);
  if (!found)
    return found.takeError();
  family = *found;
  return family->translateConfig(*config, writer);
}

/// A shard is a file of this folder and nothing else.
static bool isPlainName(StringRef name) {
  return name.ends_with(".safetensors") && !name.starts_with(".") &&
         name.find_first_of(StringRef("/\\\0", 3)) == StringRef::npos;
}

Error FolderCheckpoint::readIndex(Index &index) const {
  JsonFile storage;
  Expected<JsonObject> object = openJson(indexName, maxTokenizerBytes, storage);
  if (!object)
    return object.takeError();
  Expected<JsonObject> map = object->getObject("weight_map");
  if (!map)
    return map.takeError();
  for (auto &[name, value] : map->json().items()) {
    std::optional<StringRef> shard = jsonString(value);
    if (!shard || !isPlainName(*shard))
      return map->error(name, "is no .safetensors file of this folder");
    index[name] = shard->str();
  }
  return Error::success();
}

Expected<std::vector<std::string>>
FolderCheckpoint::shards(StringRef weightsFile, const Index &index) const {
  std::vector<std::string> names;
  for (const auto &entry : index)
    names.push_back(entry.second);
  llvm::sort(names);
  names.erase(llvm::unique(names), names.end());
  if (!weightsFile.empty() && !is_contained(names, weightsFile))
    return std::vector<std::string>{weightsFile.str()};
  if (names.empty())
    return error("has neither " + weightsName + " nor " + indexName);
  return names;
}

/// Adds a file's tensors; `shardOf` gets the names they have there.
Error FolderCheckpoint::readShard(StringRef name,
                                  StringMap<StringRef> &shardOf) {
  Expected<MappedFile> mapped = folder.open(name, UINT64_MAX);
  if (!mapped)
    return mapped.takeError();
  Expected<std::vector<Tensor>> tensors = readSafetensors(*mapped, types);
  if (!tensors)
    return tensors.takeError();
  for (Tensor &tensor : *tensors) {
    shardOf[tensor.name] = name;
    std::optional<std::string> translated = family->translateName(tensor.name);
    if (!translated)
      continue;
    if (!tensorIndex.try_emplace(*translated, tensorList.size()).second)
      return fileError(mapped->name(), "tensor " + inQuotes(tensor.name) +
                                           " comes twice, as " +
                                           inQuotes(*translated));
    tensor.name = std::move(*translated);
    tensorList.push_back(std::move(tensor));
  }
  weights.push_back(std::move(*mapped));
  return Error::success();
}

Error FolderCheckpoint::readWeights(StringRef weightsFile) {
  if (weightsFile.empty() && folder.has(weightsName))
    weightsFile = weightsName;
  Index index;
  if (weightsFile != weightsName && folder.has(indexName))
    if (Error error = readIndex(index))
      return error;
  outline = extent == Extent::Header && weightsFile.empty() &&
            llvm::none_of(
                index, [&](auto &entry) { return folder.has(entry.second); });
  if (outline)
    return Error::success();
  Expected<std::vector<std::string>> names = shards(weightsFile, index);
  if (!names)
    return names.takeError();
  StringMap<StringRef> shardOf;
  for (const std::string &name : *names)
    if (Error error = readShard(name, shardOf))
      return error;
  if (names->size() == 1 && index.empty())
    return Error::success();
  for (const auto &entry : index)
    if (is_contained(*names, entry.second) &&
        shardOf.lookup(entry.first()) != entry.second)
      return error("tensor " + inQuotes(entry.first()) + " is not in " +
                   inQuotes(entry.second) + ", where " + indexName +
                   " says it is");
  return Error::success();
}

/// A folder without tokenizer.json has no tokenizer keys.
Error FolderCheckpoint::readTokenizer() {
  if (!folder.has("tokenizer.json"))
    return Error::success();
  JsonFile storage, generationFile, tokenizerFile;
  Expected<JsonObject> tokenizer =
      openJson("tokenizer.json", maxTokenizerBytes, storage);
  if (!tokenizer)
    return tokenizer.takeError();
  TextFiles files{*tokenizer, *config, {}, {}, {}};
  auto generation = openOptional("generation_config.json", generationFile);
  if (!generation)
    return generation.takeError();
  files.generation = std::move(*generation);
  auto tokenizerConfig = openOptional("tokenizer_config.json", tokenizerFile);
  if (!tokenizerConfig)
    return tokenizerConfig.takeError();
  files.tokenizerConfig = std::move(*tokenizerConfig);
  MappedFile jinja;
  if (folder.has("chat_template.jinja")) {
    Expected<MappedFile> mapped =
        folder.open("chat_template.jinja", maxConfigBytes);
    if (!mapped)
      return mapped.takeError();
    jinja = std::move(*mapped);
    files.chatTemplate = jinja.text();
  }
  std::optional<uint64_t> rows;
  if (const Tensor *embedding = findTensor("token_embd.weight"))
    rows = embedding->rows();
  return translateTokenizer(files, rows, writer);
}

Error FolderCheckpoint::read(StringRef weightsFile) {
  if (Error error = readConfig())
    return error;
  if (Error error = readWeights(weightsFile))
    return error;
  if (Error error = readTokenizer())
    return error;
  config.reset();
  configFile = JsonFile();
  return Error::success();
}

} // namespace

Expected<std::unique_ptr<Checkpoint>>
quern::readFolder(StringRef path, const ModelFolder &folder,
                  const StorageTypes &types, StringRef weightsFile,
                  Extent extent) {
  auto checkpoint =
      std::make_unique<FolderCheckpoint>(path, folder, types, extent);
  if (Error error = checkpoint->read(weightsFile))
    return error;
  return std::unique_ptr<Checkpoint>(std::move(checkpoint));
}
