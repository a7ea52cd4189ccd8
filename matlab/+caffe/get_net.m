function net = get_net(varargin)
% net = get_net(model_file, phase_name), get_net(model_file, weights_file, phase_name)
%   The net of a prototxt file, with the weights of a .caffemodel; phase_name is 'train' or 'test'.

net = caffe.Net(varargin{:});

end
