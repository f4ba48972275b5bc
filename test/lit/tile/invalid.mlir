// One case for each constraint of the tile dialect's verifiers.
// RUN: quern-opt %s --split-input-file --verify-diagnostics

#floats = #quern.group<codes = 0, span = 32, supers = 1, group = 32, bias = 0, element = 2>
func.func @load_codes_c1(%w: memref<?xi8>, %at: index) {
  // expected-error @below {{requires a group with codes}}
  %p = tile.load_codes %w[%at] of #floats : memref<?xi8> -> vector<64xi8>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @load_codes_c2(%w: memref<?xi8>, %at: index) {
  // expected-error @below {{requires one result for each bit of a code}}
  %p = tile.load_codes %w[%at] of #two : memref<?xi8> -> vector<64xi8>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @load_codes_c3(%w: memref<?xi8>, %at: index) {
  // expected-error @below {{requires results of 4 bytes}}
  %p:2 = tile.load_codes %w[%at] lane %at of #two : memref<?xi8> -> vector<64xi8>, vector<64xi8>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @unpack_codes_c2(%p: vector<64xi8>) {
  // expected-error @below {{requires one operand for each bit of a code}}
  %u:8 = tile.unpack_codes %p of #two : vector<64xi8>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @unpack_codes_c4(%p: vector<32xi8>) {
  // expected-error @below {{requires operands and results of one type, vector<64xi8> or vector<4xi8>}}
  %u:8 = tile.unpack_codes %p, %p of #two : vector<32xi8>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @load_super_c1(%w: memref<?xi8>, %at: index) {
  // expected-error @below {{requires a group with an offset}}
  %s = tile.load_super %w[%at] offset index 0 of #two : memref<?xi8> -> vector<16xf32>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @load_super_c2(%w: memref<?xi8>, %at: index) {
  // expected-error @below {{requires an index less than the supers of a span}}
  %s = tile.load_super %w[%at] index 1 of #two : memref<?xi8> -> vector<16xf32>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @load_super_c3(%w: memref<?xi8>, %at: index) {
  // expected-error @below {{requires a result of 16 lanes}}
  %s = tile.load_super %w[%at] index 0 of #two : memref<?xi8> -> vector<8xf32>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @factor_c1(%w: memref<?xi8>, %at: index, %s: vector<16xf32>) {
  // expected-error @below {{requires a group with an offset}}
  %d = tile.factor %s, %w[%at] number %at offset of #two : memref<?xi8> -> vector<16xf32>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @factor_c2(%w: memref<?xi8>, %at: index, %s: vector<16xf32>) {
  // expected-error @below {{requires a result of 1 lanes}}
  %d = tile.factor %s, %w[%at] number %at lane %at of #two : memref<?xi8> -> vector<16xf32>
  return
}

// -----

#two = #quern.group<codes = 2, span = 32, supers = 1, group = 32, bias = 0, element = -1, scale = <codec = 1, bits = 0, signed = false, bias = 0, unit = 1065353216>>
func.func @load_floats_c1(%w: memref<?xi8>, %at: index) {
  // expected-error @below {{requires a group of floats}}
  %c = tile.load_floats %w[%at] of #two : memref<?xi8> -> vector<16xf32>
  return
}

// -----

func.func @prefetch_c1(%w: memref<?xi8>, %at: index) {
  // expected-error @below {{requires a positive number of bytes}}
  tile.prefetch %w[%at] bytes 0 : memref<?xi8>
  return
}

// -----

func.func @dot_i8_c1(%s: vector<16xi32>, %u: vector<32xi8>) {
  // expected-error @below {{requires four bytes for each lane of the sum}}
  %0 = tile.dot_i8 %s, %u, %u : vector<16xi32>, vector<32xi8>
  return
}

// -----

func.func @dot_i8_c2(%s: vector<16xi32>, %u: vector<64xi8>) {
  // expected-error @below {{requires a most of 1 to 255}}
  %0 = tile.dot_i8 %s, %u, %u most 256 : vector<16xi32>, vector<64xi8>
  return
}

// -----

func.func @dot_i8_words_c1(%s: vector<16xi16>, %u: vector<64xi8>) {
  // expected-error @below {{requires two bytes for each lane of the sum}}
  %0 = tile.dot_i8_words %s, %u, %u : vector<16xi16>, vector<64xi8>
  return
}

// -----

func.func @matmul_bf16_c1(%s: memref<32x32xf32>, %x: memref<?x64xbf16>, %w: memref<2048xbf16>, %i: index) {
  // expected-error @below {{requires a positive number of tiles, no more than 2}}
  tile.matmul_bf16 %s[%i, %i], %x[%i, %i], %w[%i] rows %i pairs %i tiles 3 of 2 : memref<32x32xf32>, memref<?x64xbf16>, memref<2048xbf16>
  return
}

// -----

func.func @dot_i16_c1(%s: vector<16xi32>, %a: vector<16xi16>) {
  // expected-error @below {{requires two words for each lane of the sum}}
  %0 = tile.dot_i16 %s, %a, %a : vector<16xi32>, vector<16xi16>
  return
}

// -----

func.func @dot_bf16_c1(%s: vector<16xf32>, %a: vector<16xbf16>) {
  // expected-error @below {{requires two numbers for each lane of the sum}}
  %0 = tile.dot_bf16 %s, %a, %a : vector<16xf32>, vector<16xbf16>
  return
}

// -----

func.func @lookup_c1(%u: vector<64xi8>) {
  // expected-error @below {{requires a table of 1 to 16 entries}}
  %0 = tile.lookup %u [] : vector<64xi8>
  return
}

// -----

func.func @column_c1(%u: vector<64xi8>) {
  // expected-error @below {{requires a byte from 0 to 3}}
  %0 = tile.column %u[4] : vector<64xi8> -> vector<16xf32>
  return
}

// -----

func.func @column_c2(%u: vector<64xi8>) {
  // expected-error @below {{requires four bytes for each lane of the result}}
  %0 = tile.column %u[0] : vector<64xi8> -> vector<8xf32>
  return
}

// -----

func.func @to_bf16_c1(%f: vector<16xf32>) {
  // expected-error @below {{requires a result of twice the lanes of an operand}}
  %0 = tile.to_bf16 %f, %f : vector<16xf32> -> vector<16xbf16>
  return
}
