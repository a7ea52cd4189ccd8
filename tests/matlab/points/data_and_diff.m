% Data and diff of every blob, of every number of axes.
net = caffe.Net(small_net('net.prototxt'), 'test');
for name = {'data', 'conv', 'ip'}
  blob = net.blobs(name{1});
  x = rand([blob.shape(), 1], 'single');
  blob.set_data(x);
  blob.set_diff(-2 * x);
  assert(isequal(blob.get_data(), x));
  assert(isequal(blob.get_diff(), -2 * x));
end
% Whatever is numeric is made single.
blob = net.blobs('ip');
blob.set_data(reshape(int32(1:14), 7, 2));
assert(blob.get_data(), single(reshape(1:14, 7, 2)));
% The first axis here is the last one there: elements of a row lie side by side.
net.blobs('data').set_data(reshape(0:119, [5 4 3 2]));
one = net.blobs('data').get_data();
assert(one(2, 1, 1, 1), single(1));
assert(one(1, 2, 1, 1), single(5));
assert(one(1, 1, 2, 1), single(20));
assert(one(1, 1, 1, 2), single(60));
% No axes, one axis, many, none of any length; NaN and the infinities.
blob = net.blobs('data');
for shape = {[], 3, [3 1], [1 3], [2 1 1 1], [6 5 4 3 2 1], [0 4]}
  blob.reshape(shape{1});
  assert(isequal(blob.shape(), reshape(shape{1}, 1, [])));
  assert(size(blob.shape(), 1), 1);
  full = [shape{1}, ones(1, 2 - numel(shape{1}))];
  x = rand(full, 'single');
  blob.set_data(x);
  assert(isequal(blob.get_data(), x));
end
blob.reshape([3 1]);
blob.set_data([NaN Inf -Inf]');
assert(isequaln(blob.get_data(), single([NaN Inf -Inf]')));
assert(numel(caffe.Net('net.prototxt', 'test').blobs('data').get_data()), 120);
% A loss that is no number.
write_text('loss.prototxt', ...
  'layer { name: "x" type: "Input" top: "x" top: "y" input_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 3 } } }', ...
  'layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "y" top: "loss" }');
res = caffe.Net('loss.prototxt', 'test').forward({NaN(3, 2), zeros(3, 2)});
assert(isnan(res{1}));
