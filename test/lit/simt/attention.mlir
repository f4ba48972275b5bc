// Attention: who has which queries, and that keys and values are loaded once for all
// of them.
// RUN: quern-opt %s --quern-simt-lower-kernels --canonicalize --cse --split-input-file | FileCheck %s
// RUN: quern-opt %s --quern-simt-lower-kernels="queries=8" --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=EIGHT

// Generated rows: three query heads are one workgroup's, of which there are two for
// each row. A key is loaded once for 3 x 4 multiply-adds, a value once for 3.
// CHECK-LABEL: gpu.func @generated
// CHECK-SAME: workgroup(%{{.*}} : memref<3x128xf32, #gpu.address_space<workgroup>>, %{{.*}} : memref<128x1xvector<4xf32>, #gpu.address_space<workgroup>>, %{{.*}} : memref<128xi32, #gpu.address_space<workgroup>>)
// CHECK-SAME: quern.grid = {of = 0 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 2 : i64}
// CHECK: scf.for {{.*}} step %c128 iter_args
// CHECK: scf.for {{.*}} step %c4 iter_args
// CHECK-COUNT-4: memref.load %{{.*}} : memref<?xf16
// CHECK-NOT: memref<?xf16
// CHECK-COUNT-3: vector.load %{{.*}}, vector<4xf32>
// CHECK: scf.yield
// CHECK: gpu.barrier
// CHECK: scf.for {{.*}} step %c2 iter_args
// CHECK-COUNT-1: memref.load %{{.*}} : memref<?xf16
// CHECK-COUNT-3: math.fma
// CHECK-NOT: memref<?xf16
// CHECK: gpu.return
quern.kernel @generated role generated rows step {
^bb0(%q: tensor<?x384xf32>, %kv: !quern.kv<2 x 64, window = ?, stored = f16, page = 64>, %s: !quern.step):
  %y = quern.attention %q, %kv, %s {scale = 0.125 : f32} : (tensor<?x384xf32>, !quern.kv<2 x 64, window = ?, stored = f16, page = 64>, !quern.step) -> tensor<?x384xf32>
  quern.yield %y : tensor<?x384xf32>
}

// -----

// Prompt rows, two heads: with room for eight queries four rows of a tile of 16, so
// that a KV head has four workgroups for each tile.
// CHECK-LABEL: gpu.func @prompt
// CHECK-SAME: quern.grid = {of = 1 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 16 : i64}
// EIGHT-LABEL: gpu.func @prompt
// EIGHT-SAME: workgroup(%{{.*}} : memref<8x128xf32, #gpu.address_space<workgroup>>, %{{.*}} : memref<128x2xvector<4xf32>
// EIGHT-SAME: quern.grid = {of = 1 : i64, parts = 1 : i64, rows = 1 : i64, tasks = 8 : i64}
quern.kernel @prompt role prompt rows step {
^bb0(%q: tensor<?x256xf32>, %kv: !quern.kv<2 x 64, window = ?, stored = f16, page = 64>, %s: !quern.step):
  %y = quern.attention %q, %kv, %s {scale = 0.125 : f32} : (tensor<?x256xf32>, !quern.kv<2 x 64, window = ?, stored = f16, page = 64>, !quern.step) -> tensor<?x256xf32>
  quern.yield %y : tensor<?x256xf32>
}

// -----

// A workgroup for each part. One without keys stores zeros.
// CHECK-LABEL: gpu.func @parts
// CHECK-SAME: quern.grid = {of = 0 : i64, parts = 4 : i64, rows = 1 : i64, tasks = 1 : i64}
// CHECK: %[[PART:[a-z0-9_]+]] = gpu.block_id  z
// CHECK: arith.muli %[[PART]], %c512
// CHECK: %[[ANY:[0-9]+]] = arith.cmpi ult, %[[BEGIN:[0-9]+]], %[[END:[0-9]+]] : index
// CHECK-NEXT: scf.if %[[ANY]] {
// CHECK: %[[NONE:[0-9]+]] = arith.cmpi uge, %[[BEGIN]], %[[END]]
// CHECK-NEXT: scf.if %[[NONE]] {
// CHECK: memref.store %cst
quern.kernel @parts role generated rows step {
^bb0(%q: tensor<?x64xf32>, %kv: !quern.kv<1 x 64, window = ?, stored = f16, page = 64>, %s: !quern.step):
  %y = quern.attention_parts %q, %kv, %s {keys = 512, parts = 4, scale = 0.125 : f32} : (tensor<?x64xf32>, !quern.kv<1 x 64, window = ?, stored = f16, page = 64>, !quern.step) -> tensor<?x264xf32>
  quern.yield %y : tensor<?x264xf32>
}
