classdef Net < handle
  % Layers joined by blobs.
  %
  % net = caffe.Net(model_file, phase_name), caffe.Net(model_file, weights_file, phase_name)

  properties (Access = private)
    held
    number
  end
  properties (SetAccess = private)
    layer_vec
    blob_vec
    inputs
    outputs
    name2layer_index
    name2blob_index
    layer_names
    blob_names
  end

  methods
    function self = Net(varargin)
      if nargin == 2 && isa(varargin{1}, 'caffe.internal.Held')
        % A net of a solver's.
        self.describe(varargin{:});
        return
      end
      caffe.internal.must(nargin == 2 || nargin == 3, ['usage: net = caffe.Net(model_file, phase_name) or ' ...
        'net = caffe.Net(model_file, weights_file, phase_name)']);
      names = {'model_file', 'weights_file', 'phase_name'};
      names = names([true, nargin == 3, true]);
      for n = 1:nargin
        caffe.internal.must(ischar(varargin{n}), '%s must be a string', names{n});
      end
      phase_name = varargin{end};
      caffe.internal.must(any(strcmp(phase_name, {'train', 'test'})), ...
        'phase_name is ''%s''. Expected ''train'' or ''test''', phase_name);
      request = struct('op', 'net.open', 'file', varargin{1}, 'phase', upper(phase_name));
      if nargin == 3
        request.weights = varargin(2);
      end
      engine = caffe.internal.current_engine();
      facts = engine.ask(request);
      self.describe(caffe.internal.Held(engine, facts.held, 'net'), facts);
    end

    function layer = layers(self, layer_name)
      % layer = net.layers(layer_name)
      layer = self.layer_vec(self.index(self.name2layer_index, 'layer', layer_name));
    end

    function blob = blobs(self, blob_name)
      % blob = net.blobs(blob_name)
      blob = self.blob_vec(self.index(self.name2blob_index, 'blob', blob_name));
    end

    function blob = params(self, layer_name, blob_index)
      % blob = net.params(layer_name, blob_index)
      %   A learned blob of a layer; the first one is 1.
      caffe.internal.must(isscalar(blob_index), 'blob_index must be a scalar');
      layer = self.layers(layer_name);
      count = numel(layer.params);
      caffe.internal.must(any(blob_index == 1:count), 'layer ''%s'' has %d parameter blobs: there is none of index %g', ...
        layer_name, count, blob_index);
      blob = layer.params(blob_index);
    end

    function forward_prefilled(self)
      % net.forward_prefilled()
      %   Runs all layers on what lies in the input blobs.
      self.ask('net.forward', struct('from', 0, 'to', numel(self.layer_names) - 1));
    end

    function backward_prefilled(self)
      % net.backward_prefilled()
      %   Runs the backward of all layers on the derivatives that lie in the output blobs.
      self.ask('net.backward', struct('from', numel(self.layer_names) - 1, 'to', 0));
    end

    function res = forward(self, input_data)
      % res = net.forward(input_data)
      %   Runs all layers on a cell array of data, one for each input blob; the data of the output blobs, as a column.
      self.fill(self.inputs, input_data, 'input_data', 'input', @set_data);
      self.forward_prefilled();
      res = cellfun(@(name) self.blobs(name).get_data(), self.outputs, 'UniformOutput', false);
    end

    function res = backward(self, output_diff)
      % res = net.backward(output_diff)
      %   Runs the backward of all layers on a cell array of derivatives, one for each output blob; the derivatives of
      %   the input blobs, as a column.
      self.fill(self.outputs, output_diff, 'output_diff', 'output', @set_diff);
      self.backward_prefilled();
      res = cellfun(@(name) self.blobs(name).get_diff(), self.inputs, 'UniformOutput', false);
    end

    function copy_from(self, weights_file)
      % net.copy_from(weights_file)
      %   Takes the weights of a .caffemodel, or of an HDF5 file, for layers of the same names.
      caffe.internal.must(ischar(weights_file), 'weights_file must be a string');
      self.ask('net.copyFrom', struct('file', weights_file));
    end

    function reshape(self)
      % net.reshape()
      %   Gives all blobs the shapes that follow from those of the input blobs.
      self.ask('net.reshape', struct());
    end

    function save(self, weights_file)
      % net.save(weights_file)
      %   Writes its weights, as a .caffemodel.
      caffe.internal.must(ischar(weights_file), 'weights_file must be a string');
      self.ask('net.save', struct('file', weights_file));
    end
  end

  methods (Access = private)
    function ask(self, op, fields)
      fields.op = op;
      fields.net = self.number;
      self.held.ask(fields);
    end

    function describe(self, held, facts)
      self.held = held;
      self.number = facts.net;
      blobs = caffe.internal.listed(facts.blobs);
      layers = caffe.internal.listed(facts.layers);
      self.blob_vec = caffe.internal.vector(numel(blobs), @(n) caffe.Blob(held, blobs{n}{2}));
      self.layer_vec = caffe.internal.vector(numel(layers), @(n) caffe.Layer(layers{n}.type, ...
        caffe.internal.vector(numel(layers{n}.blobs), @(k) caffe.Blob(held, layers{n}.blobs(k)))));
      self.blob_names = cellfun(@(blob) blob{1}, blobs, 'UniformOutput', false);
      self.layer_names = cellfun(@(layer) layer.name, layers, 'UniformOutput', false);
      self.inputs = self.blob_names(reshape(facts.inputs, [], 1) + 1);
      self.outputs = self.blob_names(reshape(facts.outputs, [], 1) + 1);
      self.name2blob_index = index_of(self.blob_names);
      self.name2layer_index = index_of(self.layer_names);
    end

    function fill(self, names, arrays, argument, kind, set)
      caffe.internal.must(iscell(arrays), '%s must be a cell array', argument);
      caffe.internal.must(numel(arrays) == numel(names), '%s has %d arrays, and the net %d %s blobs', argument, ...
        numel(arrays), numel(names), kind);
      for n = 1:numel(names)
        set(self.blobs(names{n}), arrays{n});
      end
    end

    function n = index(~, map, what, name)
      caffe.internal.must(ischar(name), '%s_name must be a string', what);
      if ~map.isKey(name)
        error('caffe:argument', 'the net has no %s ''%s''. It has: %s', what, name, strjoin(map.keys(), ', '));
      end
      n = map(name);
    end
  end
end

function map = index_of(names)

map = containers.Map('KeyType', 'char', 'ValueType', 'double');
for n = 1:numel(names)
  map(names{n}) = n;
end

end
