// A block of products on the tile registers of AMX; on other chips loops of dot products.
// RUN: quern-opt %s --quern-cpu-lower-tile=mcpu=x86-64-v4+vnni+bf16+amx | FileCheck %s
// RUN: quern-opt %s --quern-cpu-lower-tile=mcpu=x86-64-v4+vnni+bf16 | FileCheck %s --check-prefix=BF16

// CHECK-LABEL: func @matmul
// CHECK: llvm.call_intrinsic "llvm.x86.ldtilecfg"
//
// 32 rows at a time, two of three tiles:
// CHECK: scf.for
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.tileloadd64"
// CHECK: scf.for
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.tileloadd64"
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.x86.tilestored64"
//
// and the third one:
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.x86.tileloadd64"
// CHECK: scf.for
// CHECK-COUNT-3: llvm.call_intrinsic "llvm.x86.tileloadd64"
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// CHECK-COUNT-2: llvm.call_intrinsic "llvm.x86.tilestored64"
//
// 16 rows:
// CHECK: scf.for
// CHECK-COUNT-3: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
//
// What is left has a shape of its own:
// CHECK: scf.if
// CHECK: arith.select
// CHECK: llvm.call_intrinsic "llvm.x86.ldtilecfg"
// CHECK-COUNT-3: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// CHECK-NOT: llvm.call_intrinsic "llvm.x86.tdpbf16ps"
// CHECK: llvm.call_intrinsic "llvm.x86.tilerelease"

// BF16-LABEL: func @matmul
// BF16-COUNT-3: scf.for
// BF16: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// BF16-NOT: llvm.call_intrinsic
func.func @matmul(%s: memref<256x48xf32>, %x: memref<?x576xbf16>, %w: memref<24576xbf16>, %row: index, %rows: index, %pairs: index) {
  %c0 = arith.constant 0 : index
  tile.matmul_bf16 %s[%c0, %c0], %x[%row, %c0], %w[%c0] rows %rows pairs %pairs tiles 3 of 3 : memref<256x48xf32>, memref<?x576xbf16>, memref<24576xbf16>
  return
}
