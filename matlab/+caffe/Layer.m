classdef Layer < handle
  % A layer of a net.

  properties (Access = private)
    type_name
  end
  properties (SetAccess = private)
    % Its learned blobs: weights, biases and the like.
    params
  end

  methods
    function self = Layer(type_name, params)
      self.type_name = type_name;
      self.params = params;
    end

    function layer_type = type(self)
      % layer_type = layer.type()
      %   As the prototxt says it, e.g. 'Convolution'.
      layer_type = self.type_name;
    end
  end
end
