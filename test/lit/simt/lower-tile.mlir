// Bytes in memory become pieces of 16 bytes, and every load one of a piece.
// RUN: quern-opt %s --quern-simt-lower-kernels=tiles --quern-simt-lower-tile --canonicalize --cse --split-input-file | FileCheck %s

// Less than a word: the part of the word that it is in.
#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
// CHECK: gpu.func @embed({{.*}}%[[W:[a-z0-9]+]]: memref<?xvector<4xi32>, #gpu.address_space<global>>, %{{[a-z0-9]+}}: memref<?x64xf32, #gpu.address_space<global>>)
// CHECK-NOT: xi8
// CHECK-NOT: tile.
// CHECK: %[[AT:.*]] = arith.shrui %[[BYTE:.*]], %c4
// CHECK: %[[PIECE:.*]] = memref.load %[[W]][%[[AT]]]
// CHECK: %[[WORDS:.*]] = arith.shrui %[[BYTE]], %c2
// CHECK: %[[INDEX:.*]] = arith.andi %[[WORDS]], %c3
// CHECK: %[[WORD:.*]] = vector.extract %[[PIECE]][%[[INDEX]]]
// CHECK: arith.andi %[[BYTE]], %c3
// CHECK: arith.shrui %[[WORD]], %{{.*}} : i32
// CHECK: arith.trunci %{{.*}} : i32 to i16
// CHECK: arith.extf %{{.*}} : vector<1xf16> to vector<1xf32>
quern.kernel @embed role generated rows step {
^bb0(%t: tensor<?xi32>, %w: !quern.panels<50 x 45, #floats>):
  %y = quern.embed %t, %w {scale = 1.5 : f32} : (tensor<?xi32>, !quern.panels<50 x 45, #floats>) -> tensor<?x45xf32>
  quern.yield %y : tensor<?x45xf32>
}

// -----

// Laid for threads, eight columns of f16 are one load; a lane's piece has 16 bytes.
#lanes = #quern.group<lanes = true, codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
// CHECK: gpu.func @embed({{.*}}%[[W:[a-z0-9]+]]: memref<?xvector<4xi32>
// CHECK: %[[LANE:.*]] = arith.remui %{{.*}}, %c16
// CHECK: scf.if
// CHECK: arith.muli %[[LANE]], %c16
// CHECK-COUNT-4: memref.load %[[W]]
// CHECK-NOT: memref.load %[[W]]
quern.kernel @embed role generated rows step {
^bb0(%t: tensor<?xi32>, %w: !quern.panels<50 x 32, #lanes>):
  %y = quern.embed %t, %w {scale = 1.5 : f32} : (tensor<?xi32>, !quern.panels<50 x 32, #lanes>) -> tensor<?x32xf32>
  quern.yield %y : tensor<?x32xf32>
}

// -----

// Activations of which fours alone are loaded become memory of fours.
#lanes = #quern.group<lanes = true, codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
// CHECK: gpu.func @fours({{.*}}%[[X:[a-z0-9]+]]: memref<?x8xvector<4xf32>, #gpu.address_space<global>>
// CHECK-COUNT-8: memref.load %[[X]]
// CHECK-NOT: memref.load %[[X]]
quern.kernel @fours role prompt rows step {
^bb0(%x: tensor<?x32xf32>, %w: !quern.panels<50 x 32, #lanes>):
  %y = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<50 x 32, #lanes>) -> tensor<?x50xf32>
  quern.yield %y : tensor<?x50xf32>
}

// -----

// Here what follows loads them one by one, so all are.
#lanes = #quern.group<lanes = true, codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 1>
// CHECK: gpu.func @ones({{.*}}%[[X:[a-z0-9]+]]: memref<?x32xf32, #gpu.address_space<global>>, %{{[a-z0-9]+}}: memref<?xvector
// CHECK-COUNT-32: memref.load %[[X]]
// CHECK: vector.from_elements
quern.kernel @ones role prompt rows step {
^bb0(%x: tensor<?x32xf32>, %w: !quern.panels<32 x 32, #lanes>):
  %y = quern.linear %x, %w : (tensor<?x32xf32>, !quern.panels<32 x 32, #lanes>) -> tensor<?x32xf32>
  %z = quern.add %x, %y : tensor<?x32xf32>
  quern.yield %z : tensor<?x32xf32>
}

// -----

// Bytes that are written become words.
// CHECK: gpu.func @convert({{.*}}, %{{[a-z0-9]+}}: memref<?x32xf32, #gpu.address_space<global>>, %[[Y:[a-z0-9]+]]: memref<?xi32, #gpu.address_space<global>>)
// CHECK: %[[WORD:.*]] = vector.bitcast %{{.*}} : vector<4xi8> to vector<1xi32>
// CHECK: %[[ONE:.*]] = vector.extract %[[WORD]][0]
// CHECK: %[[AT:.*]] = arith.shrui %{{.*}}, %c2
// CHECK: memref.store %[[ONE]], %[[Y]][%[[AT]]]
// CHECK-NOT: vector.store
quern.kernel @convert role generated rows step {
^bb0(%x: tensor<?x32xf32>):
  %y = quern.convert %x : tensor<?x32xf32> -> !quern.rows<32, i16>
  quern.yield %y : !quern.rows<32, i16>
}

// -----

// Rows of integers are read in pieces, those that are needed: without an offset or an
// excess four of codes and one of scales. (One of weights, and one of a scale.)
#c7 = #quern.group<lanes = true, codes = 4, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
// CHECK: gpu.func @integers({{.*}}, %[[X:[a-z0-9]+]]: memref<?xvector<4xi32>, #gpu.address_space<global>>, %[[W:[a-z0-9]+]]: memref<?xvector<4xi32>, #gpu.address_space<global>>
// CHECK-COUNT-2: memref.load %[[W]]
// CHECK-COUNT-5: memref.load %[[X]]
// CHECK-NOT: memref.load %[[X]]
// CHECK-NOT: memref.load %[[W]]
quern.kernel @integers role generated rows step {
^bb0(%x: !quern.rows<32, i16>, %w: !quern.panels<16 x 32, #c7>):
  %y = quern.linear %x, %w : (!quern.rows<32, i16>, !quern.panels<16 x 32, #c7>) -> tensor<?x16xf32>
  quern.yield %y : tensor<?x16xf32>
}
