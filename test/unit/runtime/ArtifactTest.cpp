//===- ArtifactTest.cpp - Damaged and cut artifacts are refused -----------===//
#include "Artifact.h"
#include "Error.h"
#include "ToyModel.h"
#include <cstring>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace quern;
using namespace quern::test;

namespace {

class ArtifactTest : public testing::Test {
protected:
  ~ArtifactTest() override { unlink(path.c_str()); }

  /// Opens a file of these bytes; the message if it is refused, else "".
  std::string open(const std::vector<uint8_t> &bytes, bool verify = false) {
    writeBytes(path, bytes);
    try {
      Artifact artifact(path);
      if (verify)
        artifact.verify();
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }
  plan::Trailer trailer() const {
    plan::Trailer result;
    memcpy(&result, good.data() + good.size() - sizeof(result), sizeof(result));
    return result;
  }
  std::vector<uint8_t> withTrailer(const plan::Trailer &changed) const {
    std::vector<uint8_t> bytes = good;
    memcpy(bytes.data() + bytes.size() - sizeof(changed), &changed,
           sizeof(changed));
    return bytes;
  }
  /// With one section entry changed, the table's checksum made good.
  template <typename Change>
  std::vector<uint8_t> withSection(size_t index, Change change) const {
    plan::Trailer t = trailer();
    std::vector<plan::Section> table(t.sections);
    size_t size = table.size() * sizeof(plan::Section);
    memcpy(table.data(), good.data() + t.sectionTable, size);
    change(table[index]);
    t.checksum = plan::checksum(table.data(), size);
    std::vector<uint8_t> bytes = withTrailer(t);
    memcpy(bytes.data() + t.sectionTable, table.data(), size);
    return bytes;
  }

  std::string path =
      testing::TempDir() + "quern-artifact-" + std::to_string(getpid());
  std::vector<uint8_t> good =
      appendPayload(std::vector<uint8_t>(5000, 0x90), toySections({}));
};

TEST_F(ArtifactTest, OpensAndVerifies) {
  EXPECT_EQ(open(good, true), "");
  Artifact artifact(path);
  EXPECT_EQ(artifact.section("weights").size(), toyWeights().size());
  EXPECT_EQ(uintptr_t(artifact.section("weights").data()) % 4096, 0u);
  EXPECT_THROW(artifact.section("nothing"), Error);
}

TEST_F(ArtifactTest, RefusesEveryCut) {
  for (size_t size :
       {size_t(0), size_t(1), size_t(63), size_t(64), size_t(5000),
        good.size() / 2, good.size() - 64, good.size() - 1}) {
    std::vector<uint8_t> cut(good.begin(), good.begin() + long(size));
    EXPECT_NE(open(cut), "") << size;
  }
  std::vector<uint8_t> longer = good;
  longer.push_back(0);
  EXPECT_NE(open(longer), "");
}

TEST_F(ArtifactTest, RefusesMissingFile) {
  EXPECT_THROW(Artifact("/nonexistent/file"), Error);
  EXPECT_THROW(Artifact("/"), Error);
}

TEST_F(ArtifactTest, RefusesWrongTrailers) {
  plan::Trailer t = trailer();
  t.version = 99;
  EXPECT_NE(open(withTrailer(t)).find("version 99"), std::string::npos);
  t = trailer();
  t.fileSize += 1;
  EXPECT_NE(open(withTrailer(t)), "");
  for (uint64_t offset : {UINT64_MAX, UINT64_MAX - 39, uint64_t(good.size())}) {
    t = trailer();
    t.sectionTable = offset;
    EXPECT_NE(open(withTrailer(t)).find("section table"), std::string::npos);
  }
  for (uint32_t sections : {6u, 65u, UINT32_MAX}) {
    t = trailer();
    t.sections = sections;
    EXPECT_NE(open(withTrailer(t)).find("section table"), std::string::npos);
  }
}

TEST_F(ArtifactTest, RefusesWrongSections) {
  auto offset = [&](uint64_t value) {
    return open(withSection(1, [=](plan::Section &s) { s.offset = value; }));
  };
  EXPECT_NE(offset(UINT64_MAX / 4096 * 4096).find("plan"), std::string::npos);
  EXPECT_NE(offset(4097).find("plan"), std::string::npos);
  EXPECT_NE(open(withSection(4, [](auto &s) { s.size = UINT64_MAX; })), "");
  EXPECT_EQ(open(withSection(4, [](auto &) {})), "");
  // Names are shown.
  EXPECT_NE(open(withSection(4, [](auto &s) { s.name[2] = '\n'; }))
                .find("section 4 has no name"),
            std::string::npos);
  EXPECT_NE(open(withSection(0, [](auto &s) { s.name[0] = 0; }))
                .find("section 0 has no name"),
            std::string::npos);
}

TEST_F(ArtifactTest, NoticesEveryDamagedSection) {
  plan::Trailer t = trailer();
  for (uint32_t i = 0; i < t.sections; ++i) {
    plan::Section section;
    memcpy(&section, good.data() + t.sectionTable + i * sizeof(section),
           sizeof(section));
    if (section.size == 0)
      continue;
    std::vector<uint8_t> bytes = good;
    bytes[section.offset + section.size - 1] ^= 1;
    bool weights = !strcmp(section.name, "weights");
    EXPECT_EQ(open(bytes) == "", weights) << section.name;
    EXPECT_NE(open(bytes, true).find(section.name), std::string::npos);
  }
}

/// An executable whose weights are in `name`, of this size and checksum.
std::vector<uint8_t> withSidecar(const std::string &name, uint64_t size,
                                 uint64_t checksum) {
  plan::Sidecar sidecar{size, checksum, {}};
  memcpy(sidecar.name, name.data(), std::min(name.size(), size_t(256)));
  auto *bytes = reinterpret_cast<const uint8_t *>(&sidecar);
  return appendPayload({}, {{"sidecar", {bytes, bytes + sizeof(sidecar)}}});
}

TEST_F(ArtifactTest, OpensTheSidecarThatItWasMadeWith) {
  const std::vector<uint8_t> weights = toyWeights();
  const uint64_t sum = plan::checksum(weights.data(), weights.size());
  std::string beside = path + ".weights";
  std::string name(baseName(beside));
  auto refused = [&](const std::string &named, uint64_t size, uint64_t sum) {
    return open(withSidecar(named, size, sum), true);
  };
  EXPECT_NE(refused(name, weights.size(), sum).find(beside), std::string::npos);
  writeBytes(beside, appendPayload({}, {{"weights", weights}}));
  EXPECT_EQ(refused(name, weights.size(), sum), "");
  Artifact artifact(path);
  ASSERT_TRUE(artifact.weightsFile());
  EXPECT_EQ(artifact.section("weights").size(), weights.size());

  EXPECT_NE(refused(name, weights.size() + 1, sum), "");
  EXPECT_NE(refused(name, weights.size(), sum + 1), "");
  for (std::string bad :
       {std::string(), std::string("../x"), "/" + name, std::string(256, 'x'),
        std::string("."), std::string(baseName(path))}) // itself: no weights
    EXPECT_NE(refused(bad, weights.size(), sum), "") << bad;
  EXPECT_NE(open(appendPayload({}, {{"sidecar", {1, 2, 3}}})), "");
  writeBytes(beside, withSidecar(name, weights.size(), sum)); // and so on
  EXPECT_NE(refused(name, weights.size(), sum), "");
  unlink(beside.c_str());
}

} // namespace
