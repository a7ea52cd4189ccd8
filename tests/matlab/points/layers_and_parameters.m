% Every layer of a net, and every parameter of a layer.
net = caffe.Net(small_net('net.prototxt'), 'test');
assert(net.layer_names, {'data'; 'conv'; 'ip'});
assert(net.blob_names, {'data'; 'conv'; 'ip'});
assert(length(net.layer_vec), 3);
assert(net.layers('conv').type(), 'Convolution');
assert(net.layer_vec(net.name2layer_index('ip')).type(), 'InnerProduct');
assert(net.blob_vec(net.name2blob_index('conv')).shape(), [4 3 2 2]);
assert(length(net.layers('data').params), 0);
assert(length(net.layers('conv').params), 2);
assert(net.layers('conv').params(1).shape(), [2 2 3 2]);
assert(net.layers('conv').params(2).shape, 2);
assert(net.params('ip', 1).shape(), [24 7]);
assert(net.layers('conv').params(2).get_data(), single([2; 2]));
assert(isequal(net.layers('conv').params(1).get_data(), net.params('conv', 1).get_data()));
for l = 1:length(net.layer_vec)
  for p = 1:length(net.layer_vec(l).params)
    assert(isa(net.layer_vec(l).params(p).get_data(), 'single'));
  end
end
% One layer and one parameter are arrays too.
write_text('one.prototxt', 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }');
one = caffe.Net('one.prototxt', 'test');
assert(length(one.layer_vec), 1);
assert(one.layer_vec(1).type(), 'Input');
assert(one.blob_vec(end).shape(), 1);
