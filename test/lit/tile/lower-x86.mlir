// Each op becomes the instruction that a chip has for it.
// RUN: quern-opt %s --quern-cpu-lower-tile=mcpu=x86-64-v4+vnni+bf16 | FileCheck %s
// RUN: quern-opt %s --quern-cpu-lower-tile=mcpu=x86-64-v4 | FileCheck %s --check-prefix=V4
// RUN: quern-opt %s --quern-cpu-lower-tile=mcpu=x86-64-v3 | FileCheck %s --check-prefix=V3
// RUN: quern-opt %s --quern-cpu-lower-tile=mcpu=x86-64-v3+vnni | FileCheck %s --check-prefix=V3VNNI

// CHECK-LABEL: func @dot_i8
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// V4-LABEL: func @dot_i8
// V4-COUNT-2: llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
// V3-LABEL: func @dot_i8
// V3-COUNT-4: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// V3VNNI-LABEL: func @dot_i8
// V3VNNI-COUNT-2: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"
func.func @dot_i8(%s: vector<16xi32>, %u: vector<64xi8>, %x: vector<64xi8>) -> vector<16xi32> {
  %0 = tile.dot_i8 %s, %u, %x : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}

// CHECK-LABEL: func @dot_i8_words
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.pmaddubs.w.512"
// CHECK: arith.addi
// V3-LABEL: func @dot_i8_words
// V3-COUNT-2: llvm.call_intrinsic "llvm.x86.avx2.pmadd.ub.sw"
// V3: arith.addi
func.func @dot_i8_words(%s: vector<32xi16>, %u: vector<64xi8>, %x: vector<64xi8>) -> vector<32xi16> {
  %0 = tile.dot_i8_words %s, %u, %x : vector<32xi16>, vector<64xi8>
  return %0 : vector<32xi16>
}

// CHECK-LABEL: func @dot_i16
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpwssd.512"
// V4-LABEL: func @dot_i16
// V4: llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
// V4: arith.addi
// V3-LABEL: func @dot_i16
// V3-COUNT-2: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// V3: arith.addi
// V3VNNI-LABEL: func @dot_i16
// V3VNNI-COUNT-2: llvm.call_intrinsic "llvm.x86.avx512.vpdpwssd.256"
func.func @dot_i16(%s: vector<16xi32>, %a: vector<32xi16>) -> vector<16xi32> {
  %0 = tile.dot_i16 %s, %a, %a : vector<16xi32>, vector<32xi16>
  return %0 : vector<16xi32>
}

// CHECK-LABEL: func @dot_bf16
// CHECK: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// V3-LABEL: func @dot_bf16
// V3-COUNT-2: math.fma
func.func @dot_bf16(%s: vector<16xf32>, %a: vector<32xbf16>) -> vector<16xf32> {
  %0 = tile.dot_bf16 %s, %a, %a : vector<16xf32>, vector<32xbf16>
  return %0 : vector<16xf32>
}

// CHECK-LABEL: func @to_bf16
// CHECK: llvm.call_intrinsic "llvm.x86.avx512bf16.cvtne2ps2bf16.512"
// CHECK: vector.shuffle
// V3-LABEL: func @to_bf16
// V3-NOT: llvm.call_intrinsic
// V3: return
func.func @to_bf16(%f: vector<16xf32>) -> vector<32xbf16> {
  %0 = tile.to_bf16 %f, %f : vector<16xf32> -> vector<32xbf16>
  return %0 : vector<32xbf16>
}

// CHECK-LABEL: func @lookup
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.pshuf.b.512"
// V3-LABEL: func @lookup
// V3-COUNT-2: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
func.func @lookup(%u: vector<64xi8>) -> vector<64xi8> {
  %0 = tile.lookup %u [0, 1, 3, 6] : vector<64xi8>
  return %0 : vector<64xi8>
}

// CHECK-LABEL: func @column
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// CHECK: arith.sitofp
// V3-LABEL: func @column
// V3: arith.shrui
// V3: arith.andi
// V3: arith.sitofp
func.func @column(%u: vector<64xi8>) -> vector<16xf32> {
  %0 = tile.column %u[2] : vector<64xi8> -> vector<16xf32>
  return %0 : vector<16xf32>
}

// Other lengths of vectors are left to the generic patterns.
// CHECK-LABEL: func @short
// CHECK-NOT: llvm.call_intrinsic
// CHECK: return
func.func @short(%s: vector<4xi32>, %u: vector<16xi8>) -> vector<4xi32> {
  %0 = tile.dot_i8 %s, %u, %u : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}
