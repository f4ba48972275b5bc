//===- Group.cpp - GroupShape as an attribute -----------------------------===//
#include "ir/Panel.h"
#include "ir/Quern.h"
#include <bit>

using namespace mlir;
using namespace quern;

static FactorAttr factorAttr(MLIRContext *context, const FactorShape &f) {
  return FactorAttr::get(context, uint32_t(f.codec), f.subBits, f.subSigned,
                         int32_t(f.subBias), std::bit_cast<int32_t>(f.unit));
}

static FactorShape factorShape(FactorAttr a) {
  return {Codec(a.getCodec()), a.getBits(), a.getIsSigned(), float(a.getBias()),
          std::bit_cast<float>(a.getUnitBits())};
}

GroupAttr quern::groupAttr(MLIRContext *context, const GroupShape &s) {
  if (s.kind == GroupShape::Kind::Floats)
    return GroupAttr::get(context, 0, s.span, s.superPerSpan, s.group, 0,
                          int32_t(s.element), s.order == PanelOrder::Lanes, {},
                          {}, {});
  SmallVector<int32_t> table(s.table.begin(), s.table.end());
  return GroupAttr::get(
      context, s.codeBits, s.span, s.superPerSpan, s.group, s.bias, -1,
      s.order == PanelOrder::Lanes,
      factorAttr(context, s.scale),
      s.offset ? factorAttr(context, *s.offset) : FactorAttr(), table);
}

GroupShape quern::groupShape(GroupAttr a) {
  GroupShape s;
  s.codeBits = a.getCodes();
  s.span = a.getSpan();
  s.superPerSpan = a.getSupers();
  s.group = a.getGroup();
  s.order = a.getLanes() ? PanelOrder::Lanes : PanelOrder::Vectors;
  if (a.getElement() >= 0) {
    s.kind = GroupShape::Kind::Floats;
    s.element = Codec(a.getElement());
    return s;
  }
  s.bias = a.getBias();
  s.table.assign(a.getTable().begin(), a.getTable().end());
  s.scale = factorShape(a.getScale());
  if (a.getOffset())
    s.offset = factorShape(a.getOffset());
  return s;
}
