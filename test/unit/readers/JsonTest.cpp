//===- JsonTest.cpp - JSON that somebody else wrote ------------*- C++ -*-===//
//
// Limits and typed access.
//
//===----------------------------------------------------------------------===//
#include "frontend/safetensors/Json.h"
#include "Reading.h"
#include "frontend/ReaderSupport.h"

using namespace quern;
using namespace quern::test;

TEST(Json, limitsDepth) {
  std::string deepest = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(bad(parseJson("f", deepest)), "");
  EXPECT_EQ(bad(parseJson("f", "[" + deepest + "]")),
            "f: the json is nested deeper than 64 levels");
}

TEST(Json, limitsValues) {
  std::string many = "[";
  for (size_t i = 0; i < (1 << 23); ++i)
    many += "0,";
  many += "0]";
  EXPECT_EQ(bad(parseJson("f", many)),
            "f: the json has more than 8388608 values");
}

TEST(Json, namesThePlaceOfBadSyntax) {
  EXPECT_EQ(bad(parseJson("f", "[1, x]")), "f: malformed json at byte 5");
  EXPECT_EQ(bad(parseJson("f", "[1, x]", 100)),
            "f: malformed json at byte 105");
  EXPECT_NE(bad(parseJson("f", "")), "");
  EXPECT_NE(bad(parseJson("f", "[1]\n[2]")), "");
}

TEST(Json, buildsWhatWasWritten) {
  const char text[] = R"({"a":[1,-2,0.5,true,null,"x"],"b":{"c":[]}})";
  EXPECT_EQ(good(parseJson("f", text)).dump(), text);
}

TEST(Json, refusesAKeyTwiceOnlyInOneObject) {
  EXPECT_EQ(bad(parseJson("f", R"([{"a": 1}, {"a": {"a": 2}}])")), "");
  EXPECT_EQ(bad(parseJson("f", R"({"a": 1, "\u0061": 2})")),
            "f: the json has key 'a' twice in one object");
}

TEST(Json, convertsNumbers) {
  EXPECT_EQ(jsonUInt(Json(10000.0)), 10000u);
  EXPECT_EQ(jsonUInt(Json(0.5)), std::nullopt);
  EXPECT_EQ(jsonUInt(Json(-1)), std::nullopt);
  EXPECT_EQ(jsonUInt(Json(1e300)), std::nullopt);
  EXPECT_EQ(jsonUInt(Json(true)), std::nullopt);
  EXPECT_EQ(jsonFloat(Json(3u)), 3.0);
  EXPECT_EQ(jsonFloat(Json("3")), std::nullopt);
}

TEST(Json, namesTheKey) {
  Json json = good(parseJson("f", R"({"a": {"b": "x", "n": null}})"));
  JsonObject root = *JsonObject::root("f", json);
  JsonObject inner = *root.getObject("a");
  EXPECT_EQ(bad(inner.getUInt("b")),
            "f: key 'a.b' is of type string, expected an unsigned integer");
  EXPECT_EQ(bad(inner.getUInt("n")),
            "f: key 'a.n' is missing, expected an unsigned integer");
  EXPECT_EQ(good(inner.getUInt("n", 4)), 4u);
  EXPECT_EQ(bad(JsonObject::root("f", Json(1))),
            "f: the json is of type number, expected an object");
}

TEST(ReaderSupport, quotesOnOneLine) {
  EXPECT_EQ(inQuotes("a b"), "'a b'");
  EXPECT_EQ(inQuotes("it's\n\\"), "'it\\x27s\\x0a\\x5c'");
  EXPECT_EQ(inQuotes(std::string(97, 'a')),
            "'" + std::string(96, 'a') + "...'");
}

TEST(ReaderSupport, checksSizes) {
  const uint64_t half = 1ull << 32;
  EXPECT_EQ(good(tensorBytes({2, 64}, {32, 18})), 72u);
  EXPECT_EQ(good(tensorBytes({}, {1, 4})), 4u);
  EXPECT_NE(bad(tensorBytes({2, 33}, {32, 18})), "");
  EXPECT_NE(bad(tensorBytes({half, half}, {1, 1})), "");
  EXPECT_NE(bad(tensorBytes({half, half / 2}, {1, 4})), "");
  EXPECT_NE(bad(tensorBytes({1, 0}, {1, 4})), "");
  EXPECT_NE(bad(tensorBytes({1}, {0, 4})), "");
}

TEST(AllocationMeter, countsWhatIsNotTouched) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer has its own malloc";
#endif
  AllocationMeter meter;
  std::vector<char> reserved;
  reserved.reserve(mostGrowth);
  EXPECT_GE(meter.peak(), mostGrowth);
}
