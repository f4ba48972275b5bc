//===- TopK.td - The best of each row ----------------------*- tablegen -*-===//

def Quern_TopKOp : Quern_Op<"top_k", [Pure, DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "the k largest numbers of each part of a row, and where they were";
  let description = [{
    A row's columns are cut into parts of `part`, the last one may be shorter. For
    each part, in order, the result has a *list*: k numbers, best first, and behind
    them their k columns, counted in the whole row, as numbers.

    Larger numbers are better, and of equal ones the one of the smaller column. NaN
    is behind all numbers, and comes out as one NaN; zero comes out positive. A list
    of a part that has fewer than k columns ends in NaN and the column 2^24.

    (C1) k is positive and not larger than the part
    (C2) the row has at least k columns
    (C3) and fewer than 2^24: each is a number of its own
    (C4) the result has 2 k columns for each part

    ```mlir
    %y = quern.top_k %x {k = 64 : i64, part = 1024 : i64} : (tensor<?x49152xf32>) -> tensor<?x6144xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input, I64Attr:$k, I64Attr:$part);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quern_MergeTopKOp : Quern_Op<"merge_top_k", [Pure, DeclareOpInterfaceMethods<Quern_ReferenceOpInterface>]> {
  let summary = "the best of several lists of quern.top_k";
  let description = [{
    Each `lists` neighbouring lists become one, of the k best in all of them; the
    last one may be made of fewer.

    (C1) k is positive, and at least two lists become one
    (C2) the operand is one or more lists of 2 k columns
    (C3) and the result as many as become of them

    ```mlir
    %y = quern.merge_top_k %x {k = 64 : i64, lists = 16 : i64} : (tensor<?x6144xf32>) -> tensor<?x384xf32>
    ```
  }];
  let arguments = (ins Quern_Activations:$input, I64Attr:$k, I64Attr:$lists);
  let results = (outs Quern_Activations:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
