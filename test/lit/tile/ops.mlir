// Every op of the tile dialect is read, verified and printed again.
// RUN: quern-opt %s | quern-opt | FileCheck %s

#codes = #quern.group<codes = 4, span = 256, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 8, signed = false, bias = 0, unit = 1065353216>, offset = <codec = 1, bits = 8, signed = false, bias = 0, unit = -1082130432>>
#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 2>

// CHECK-LABEL: func @panel
func.func @panel(%w: memref<?xi8>, %at: index, %lane: index) {
  // CHECK: tile.load_codes %{{.*}}[%{{.*}}] of <codes = 4
  // CHECK-SAME: : memref<?xi8> -> vector<64xi8>, vector<64xi8>, vector<64xi8>, vector<64xi8>
  %p:4 = tile.load_codes %w[%at] of #codes : memref<?xi8> -> vector<64xi8>, vector<64xi8>, vector<64xi8>, vector<64xi8>
  // CHECK: tile.unpack_codes %{{.*}} of <codes = 4
  // CHECK-SAME: : vector<64xi8>
  %u:8 = tile.unpack_codes %p#0, %p#1, %p#2, %p#3 of #codes : vector<64xi8>
  // CHECK: tile.load_super %{{.*}}[%{{.*}}] index 0 of <
  %s = tile.load_super %w[%at] index 0 of #codes : memref<?xi8> -> vector<16xf32>
  // CHECK: tile.load_super %{{.*}}[%{{.*}}] offset index 0 of <
  %m = tile.load_super %w[%at] offset index 0 of #codes : memref<?xi8> -> vector<16xf32>
  // CHECK: tile.factor %{{.*}}, %{{.*}}[%{{.*}}] number %{{.*}} of <
  %d = tile.factor %s, %w[%at] number %lane of #codes : memref<?xi8> -> vector<16xf32>
  // CHECK: tile.factor %{{.*}}, %{{.*}}[%{{.*}}] number %{{.*}} offset of <
  %o = tile.factor %m, %w[%at] number %lane offset of #codes : memref<?xi8> -> vector<16xf32>
  // CHECK: tile.load_floats %{{.*}}[%{{.*}}] of <codes = 0
  %c = tile.load_floats %w[%at] of #floats : memref<?xi8> -> vector<16xf32>
  // CHECK: tile.prefetch %{{.*}}[%{{.*}}] bytes 256 : memref<?xi8>
  tile.prefetch %w[%at] bytes 256 : memref<?xi8>
  return
}

// CHECK-LABEL: func @lane
func.func @lane(%w: memref<?xi8>, %at: index, %lane: index) {
  // CHECK: tile.load_codes %{{.*}}[%{{.*}}] lane %{{.*}} of <
  // CHECK-SAME: vector<4xi8>
  %p:4 = tile.load_codes %w[%at] lane %lane of #codes : memref<?xi8> -> vector<4xi8>, vector<4xi8>, vector<4xi8>, vector<4xi8>
  // CHECK: tile.load_super %{{.*}}[%{{.*}}] lane %{{.*}} index 0 of <
  %s = tile.load_super %w[%at] lane %lane index 0 of #codes : memref<?xi8> -> vector<1xf32>
  // CHECK: tile.factor %{{.*}}, %{{.*}}[%{{.*}}] number %{{.*}} lane %{{.*}} of <
  %d = tile.factor %s, %w[%at] number %at lane %lane of #codes : memref<?xi8> -> vector<1xf32>
  // CHECK: tile.load_floats %{{.*}}[%{{.*}}] lane %{{.*}} of <
  %c = tile.load_floats %w[%at] lane %lane of #floats : memref<?xi8> -> vector<1xf32>
  return
}

// CHECK-LABEL: func @arithmetic
func.func @arithmetic(%i: vector<16xi32>, %u: vector<64xi8>, %f: vector<16xf32>, %h: vector<32xbf16>, %w: vector<32xi16>) {
  // CHECK: tile.dot_i8 %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi32>, vector<64xi8>
  %0 = tile.dot_i8 %i, %u, %u : vector<16xi32>, vector<64xi8>
  // CHECK: tile.dot_i8 %{{.*}}, %{{.*}}, %{{.*}} most 15 : vector<16xi32>, vector<64xi8>
  %few = tile.dot_i8 %i, %u, %u most 15 : vector<16xi32>, vector<64xi8>
  // CHECK: tile.dot_i8_words %{{.*}}, %{{.*}}, %{{.*}} : vector<32xi16>, vector<64xi8>
  %6 = tile.dot_i8_words %w, %u, %u : vector<32xi16>, vector<64xi8>
  // CHECK: tile.dot_i16 %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi32>, vector<32xi16>
  %5 = tile.dot_i16 %i, %w, %w : vector<16xi32>, vector<32xi16>
  // CHECK: tile.dot_bf16 %{{.*}}, %{{.*}}, %{{.*}} : vector<16xf32>, vector<32xbf16>
  %1 = tile.dot_bf16 %f, %h, %h : vector<16xf32>, vector<32xbf16>
  // CHECK: tile.lookup %{{.*}} [0, 1, 3, 6] : vector<64xi8>
  %2 = tile.lookup %u [0, 1, 3, 6] : vector<64xi8>
  // CHECK: tile.column %{{.*}}[2] : vector<64xi8> -> vector<16xf32>
  %3 = tile.column %u[2] : vector<64xi8> -> vector<16xf32>
  // CHECK: tile.to_bf16 %{{.*}}, %{{.*}} : vector<16xf32> -> vector<32xbf16>
  %4 = tile.to_bf16 %f, %f : vector<16xf32> -> vector<32xbf16>
  return
}

// CHECK-LABEL: func @matmul
func.func @matmul(%s: memref<512x64xf32>, %x: memref<?x576xbf16>, %w: memref<32768xbf16>, %i: index) {
  // CHECK: tile.matmul_bf16 %{{.*}}[%{{.*}}, %{{.*}}], %{{.*}}[%{{.*}}, %{{.*}}], %{{.*}}[%{{.*}}] rows %{{.*}} pairs %{{.*}} tiles 4 of 4 : memref<512x64xf32>, memref<?x576xbf16>, memref<32768xbf16>
  tile.matmul_bf16 %s[%i, %i], %x[%i, %i], %w[%i] rows %i pairs %i tiles 4 of 4 : memref<512x64xf32>, memref<?x576xbf16>, memref<32768xbf16>
  return
}
