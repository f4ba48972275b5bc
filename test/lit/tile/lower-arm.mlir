// Each op becomes the instruction that a chip has for it.
// RUN: quern-opt %s --quern-cpu-lower-tile=mcpu=armv8.2-a+dotprod+i8mm | FileCheck %s
// RUN: quern-opt %s --quern-cpu-lower-tile=mcpu=armv8.2-a+dotprod | FileCheck %s --check-prefix=DOT

// CHECK-LABEL: func @dot_i8
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.aarch64.neon.usdot.v4i32.v16i8"
// CHECK-NOT: llvm.call_intrinsic
// DOT-LABEL: func @dot_i8
// DOT-DAG: %[[HALF:[^ ]+]] = arith.constant dense<64> : vector<16xi8>
// DOT-DAG: %[[SIGN:[^ ]+]] = arith.constant dense<-128> : vector<16xi8>
// DOT: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%{{[^,]+}}, %[[HALF]], %[[X:[^)]+]])
// DOT: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%{{[^,]+}}, %[[HALF]], %[[X]])
// DOT: %[[U:.*]] = arith.xori %{{[^,]+}}, %[[SIGN]]
// DOT: llvm.call_intrinsic "llvm.aarch64.neon.sdot.v4i32.v16i8"(%{{[^,]+}}, %[[U]], %[[X]])
// DOT-COUNT-9: llvm.aarch64.neon.sdot
// DOT-NOT: llvm.call_intrinsic
func.func @dot_i8(%s: vector<16xi32>, %u: vector<64xi8>, %x: vector<64xi8>) -> vector<16xi32> {
  %0 = tile.dot_i8 %s, %u, %x : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}

// Codes that are no negative numbers as signed bytes.
// CHECK-LABEL: func @few
// CHECK-COUNT-4: llvm.aarch64.neon.usdot
// CHECK-NOT: llvm.call_intrinsic
// DOT-LABEL: func @few
// DOT-COUNT-4: llvm.aarch64.neon.sdot
// DOT-NOT: llvm.call_intrinsic
func.func @few(%s: vector<16xi32>, %u: vector<64xi8>, %x: vector<64xi8>) -> vector<16xi32> {
  %0 = tile.dot_i8 %s, %u, %x most 127 : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}

// CHECK-LABEL: func @many
// DOT-LABEL: func @many
// DOT-COUNT-12: llvm.aarch64.neon.sdot
// DOT-NOT: llvm.call_intrinsic
func.func @many(%s: vector<16xi32>, %u: vector<64xi8>, %x: vector<64xi8>) -> vector<16xi32> {
  %0 = tile.dot_i8 %s, %u, %x most 128 : vector<16xi32>, vector<64xi8>
  return %0 : vector<16xi32>
}

// CHECK-LABEL: func @lookup
// CHECK: arith.constant dense<[0, 1, 3, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]>
// DOT-LABEL: func @lookup
// DOT-COUNT-4: llvm.aarch64.neon.tbl1
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.aarch64.neon.tbl1.v16i8"
// CHECK-NOT: llvm.call_intrinsic
func.func @lookup(%u: vector<64xi8>) -> vector<64xi8> {
  %0 = tile.lookup %u [0, 1, 3, 6] : vector<64xi8>
  return %0 : vector<64xi8>
}

// One row of a panel is too short for an instruction.
// CHECK-LABEL: func @short
// CHECK-NOT: llvm.call_intrinsic
// CHECK: return
func.func @short(%s: vector<1xi32>, %u: vector<4xi8>) -> vector<1xi32> {
  %0 = tile.dot_i8 %s, %u, %u : vector<1xi32>, vector<4xi8>
  return %0 : vector<1xi32>
}
