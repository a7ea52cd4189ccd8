% Another shape of an input, and what follows from it in the whole net.
write_text('net.prototxt', ...
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }', ...
  'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 3', ...
  '  weight_filler { type: "gaussian" } } }', ...
  'layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: AVE global_pooling: true } }');
net = caffe.Net('net.prototxt', 'test');
assert(net.blobs('conv').shape(), [6 6 2 1]);
net.blobs('data').reshape([20 10 3 5]);
net.reshape();
assert(net.blobs('conv').shape(), [18 8 2 5]);
assert(net.blobs('pool').shape(), [1 1 2 5]);
res = net.forward({rand([20 10 3 5], 'single')});
assert(size(res{1}), [1 1 2 5]);
% Forward follows without being told to.
net.blobs('data').reshape([4 4 3 1]);
net.forward({ones(4, 4, 3)});
assert(net.blobs('conv').shape(), [2 2 2 1]);
