// Reads of a panel become loads at the places that the group's layout says.
// RUN: quern-opt %s --quern-cpu-lower-tile=mcpu=x86-64-v3 --canonicalize | FileCheck %s

// Codes 8 x 256 | sub-scales 8 x 16 | sub-offsets 8 x 16 | f16 16 | f16 16
#group = #quern.group<codes = 4, span = 256, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 8, signed = false, bias = 0, unit = 1065353216>, offset = <codec = 1, bits = 8, signed = false, bias = 0, unit = -1082130432>>

// CHECK-LABEL: func @super
// CHECK: %[[AT:.*]] = arith.constant 2336 : index
// CHECK: vector.load %{{.*}}[%[[AT]]] : memref<?xi8>, vector<32xi8>
// CHECK: vector.bitcast %{{.*}} : vector<32xi8> to vector<16xf16>
// CHECK: arith.extf
// CHECK: arith.negf
func.func @super(%w: memref<?xi8>) -> vector<16xf32> {
  %at = arith.constant 0 : index
  %m = tile.load_super %w[%at] offset index 0 of #group : memref<?xi8> -> vector<16xf32>
  return %m : vector<16xf32>
}

// CHECK-LABEL: func @factor
// CHECK: %[[AT:.*]] = arith.constant 2096 : index
// CHECK: vector.load %{{.*}}[%[[AT]]] : memref<?xi8>, vector<16xi8>
// CHECK: arith.extui
// CHECK: arith.sitofp
// CHECK: arith.mulf
func.func @factor(%w: memref<?xi8>, %s: vector<16xf32>) -> vector<16xf32> {
  %at = arith.constant 0 : index
  %g = arith.constant 3 : index
  %d = tile.factor %s, %w[%at] number %g of #group : memref<?xi8> -> vector<16xf32>
  return %d : vector<16xf32>
}

// CHECK-LABEL: func @unpack
// CHECK: arith.andi
// CHECK: arith.shrui
// CHECK: arith.andi
// CHECK-NOT: tile.
func.func @unpack(%p: vector<64xi8>) -> (vector<64xi8>, vector<64xi8>) {
  %u:8 = tile.unpack_codes %p, %p, %p, %p of #group : vector<64xi8>
  return %u#0, %u#1 : vector<64xi8>, vector<64xi8>
}

// CHECK-LABEL: func @prefetch
// CHECK-COUNT-2: memref.prefetch
// CHECK-NOT: memref.prefetch
func.func @prefetch(%w: memref<?xi8>, %at: index) {
  tile.prefetch %w[%at] bytes 100 : memref<?xi8>
  return
}
