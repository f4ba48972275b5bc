// Optional parameters may be left out one by one.
// RUN: quern-opt %s --quern-pack-weights | quern-opt | FileCheck %s
// RUN: quern-opt %s --quern-pack-weights --mlir-print-op-generic | quern-opt | FileCheck %s

// A cache that is laid out but has no window.
// CHECK: @kv(!quern.kv<3 x 64{{ ?}}, stored = f16, page = 64>)
func.func private @kv(!quern.kv<3 x 64, stored = f16, page = 64>)

// A group with a table and no offset, as a packed iq4_nl has it.
// CHECK: @packed : !quern.panels<32 x 32, <codes = 4,
// CHECK-NOT: offset
// CHECK-SAME: table = {{\[?}}-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
quern.weight @packed : !quern.weight<32 x 32, "iq4_nl">
func.func @forward(%t: tensor<?xi32>) {
  %w = quern.get @packed : !quern.weight<32 x 32, "iq4_nl">
  %x = quern.embed %t, %w : (tensor<?xi32>, !quern.weight<32 x 32, "iq4_nl">) -> tensor<?x32xf32>
  return
}
