% Parameters changed by hand, and carried to a net of another form.
net = caffe.Net(small_net('net.prototxt'), 'test');
x = ones(5, 4, 3, 2, 'single');
net.params('conv', 1).set_data(zeros(2, 2, 3, 2));
net.layers('conv').params(2).set_data([1; 2]);
net.params('ip', 1).set_data(ones(24, 7));
net.params('ip', 2).set_data((1:7)');
res = net.forward({x});
% 12 places of 1 and 12 of 2.
assert(res{1}, single((1:7)' + [36 36]));
net.params('conv', 1).set_data(10 * net.params('conv', 1).get_data() + 1);
res = net.forward({x});
assert(res{1}, single((1:7)' + [36 36] + 24 * 12));
% The inner product as a convolution over the whole of its input.
write_text('full.prototxt', ...
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 6 dim: 7 } } }', ...
  'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 2 } }', ...
  'layer { name: "ip-conv" type: "Convolution" bottom: "conv" top: "ip-conv"', ...
  '  convolution_param { num_output: 7 kernel_h: 3 kernel_w: 4 } }');
net.save('net.caffemodel');
full = caffe.Net('full.prototxt', 'net.caffemodel', 'test');
full.params('ip-conv', 1).set_data(reshape(net.params('ip', 1).get_data(), full.params('ip-conv', 1).shape()));
full.params('ip-conv', 2).set_data(net.params('ip', 2).get_data());
places = full.forward({ones(7, 6, 3)});
assert(size(places{1}), [3 3 7]);
assert(squeeze(places{1}(2, 3, :)), res{1}(:, 1));
