namespace Mesh.Bench.Push.Client;

/// <summary>What a stream asks for, encoded once for all streams that ask for the same.</summary>
internal sealed class Wanted
{
    private const string EndpointsType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
    private readonly byte[] _fields;

    /// <param name="names">Resources by name; <c>*</c> for all there are.</param>
    /// <param name="count">How many there will be.</param>
    /// <param name="delta">In which variant.</param>
    public Wanted(IReadOnlyCollection<string> names, int count, bool delta)
    {
        (Names, Count, Delta) = (names, count, delta);
        var fields = new List<byte>();
        foreach (var name in names)
        {
            ProtoWriter.Add(fields, 3, name);
        }

        _fields = [.. fields];
        var type = new List<byte>();
        ProtoWriter.Add(type, delta ? 2 : 4, EndpointsType);
        // State of the world repeats the names with every acknowledgement, delta does not.
        Acknowledgement = delta ? [.. type] : [.. type, .. _fields];
        _fields = [.. type, .. _fields];
    }

    public IReadOnlyCollection<string> Names { get; }

    public int Count { get; }

    public bool Delta { get; }

    /// <summary>The part of an acknowledgement that is always the same.</summary>
    public byte[] Acknowledgement { get; }

    /// <summary>The first request of a stream.</summary>
    /// <param name="node">The id of its node.</param>
    /// <param name="has">What it has already, for delta: resource and version.</param>
    public byte[] First(string node, IEnumerable<KeyValuePair<string, byte[]>>? has = null)
    {
        var inner = new List<byte>();
        ProtoWriter.Add(inner, 1, node);
        ProtoWriter.Add(inner, 2, "bench");
        ProtoWriter.Add(inner, 6, "envoy");
        var request = new List<byte>();
        ProtoWriter.Add(request, Delta ? 1 : 2, [.. inner]);
        request.AddRange(_fields);
        foreach (var (name, version) in has ?? [])
        {
            var entry = new List<byte>();
            ProtoWriter.Add(entry, 1, name);
            ProtoWriter.Add(entry, 2, version);
            ProtoWriter.Add(request, 5, [.. entry]);
        }

        return [.. request];
    }

    /// <summary>The whole of an acknowledgement.</summary>
    /// <returns>How many bytes it took.</returns>
    public int Acknowledge(Span<byte> into, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> version)
    {
        Acknowledgement.CopyTo(into);
        var length = Acknowledgement.Length;
        length += ProtoWriter.AddShort(into[length..], Delta ? 6 : 5, nonce);
        return Delta ? length : length + ProtoWriter.AddShort(into[length..], 1, version);
    }
}

/// <summary>What is read of a response's resource: whose assignment it is, and the weight by which a change is known.</summary>
internal readonly ref struct Assignment
{
    private Assignment(ReadOnlySpan<byte> name, ReadOnlySpan<byte> version, uint weight)
    {
        Name = name;
        Version = version;
        Weight = weight;
    }

    /// <summary>The cluster's.</summary>
    public ReadOnlySpan<byte> Name { get; }

    /// <summary>Of the resource; empty where the variant has none.</summary>
    public ReadOnlySpan<byte> Version { get; }

    /// <summary>The weights of all its localities.</summary>
    public uint Weight { get; }

    /// <summary>The number that a service's name ends with.</summary>
    public int Number
    {
        get
        {
            var (number, power) = (0, 1);
            for (var i = Name.Length - 1; i >= 0 && Name[i] is >= (byte)'0' and <= (byte)'9'; i--)
            {
                (number, power) = (number + (power * (Name[i] - '0')), power * 10);
            }

            return number;
        }
    }

    /// <param name="resource">An Any, or for delta a Resource.</param>
    /// <param name="delta">Which of them.</param>
    public static Assignment Read(ReadOnlySpan<byte> resource, bool delta)
    {
        ReadOnlySpan<byte> version = default;
        var any = resource;
        if (delta)
        {
            var outer = new ProtoReader(resource);
            any = default;
            while (outer.Next())
            {
                version = outer.Field == 1 ? outer.Bytes : version;
                any = outer.Field == 2 ? outer.Bytes : any;
            }
        }

        var wrapper = new ProtoReader(any);
        ReadOnlySpan<byte> value = default;
        while (wrapper.Next())
        {
            value = wrapper.Field == 2 ? wrapper.Bytes : value;
        }

        ReadOnlySpan<byte> name = default;
        uint weight = 0;
        var assignment = new ProtoReader(value);
        while (assignment.Next())
        {
            name = assignment.Field == 1 ? assignment.Bytes : name;
            weight += assignment.Field == 2 ? LocalityWeight(assignment.Bytes) : 0;
        }

        return new Assignment(name, version, weight);
    }

    private static uint LocalityWeight(ReadOnlySpan<byte> locality)
    {
        var fields = new ProtoReader(locality);
        while (fields.Next())
        {
            if (fields.Field == 3)
            {
                var wrapped = new ProtoReader(fields.Bytes);
                return wrapped.Next() ? (uint)wrapped.Number : 0;
            }
        }

        return 0;
    }
}
