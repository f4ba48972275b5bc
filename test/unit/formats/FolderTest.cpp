//===- FolderTest.cpp - The list of formats is the folder ------*- C++ -*-===//
#include "ir/Format.h"
#include <filesystem>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

using namespace quern;

TEST(Folder, EveryFileIsAFormatAndEveryFormatAFile) {
  std::set<std::string> files, listed;
  std::istringstream folders(QUERN_FORMAT_FOLDERS);
  for (std::string folder; std::getline(folders, folder, ':');)
    for (auto &entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".cpp")
        files.insert(entry.path().stem());
  for (const Format &f : allFormats())
    EXPECT_TRUE(listed.insert(f.name).second) << f.name << " is listed twice";
  EXPECT_FALSE(files.empty());
  EXPECT_EQ(files, listed);
}

TEST(Folder, FormatsAreFoundByName) {
  for (const Format &f : allFormats())
    EXPECT_EQ(findFormat(f.name), &f);
  EXPECT_EQ(findFormat(""), nullptr);
  EXPECT_EQ(findFormat("no such format"), nullptr);
}

TEST(Folder, NoTwoFormatsShareANumberOrType) {
  std::set<int> numbers;
  std::set<std::string> types;
  for (const Format &f : allFormats()) {
    EXPECT_TRUE(f.gguf < 0 || numbers.insert(f.gguf).second) << f.name;
    EXPECT_TRUE(f.safetensors.empty() || types.insert(f.safetensors).second)
        << f.name;
  }
}
