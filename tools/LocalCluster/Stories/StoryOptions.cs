namespace Mesh.Local.Stories;

/// <summary>How a story is told. What is random in it comes from <see cref="Seed"/>; what real processes make of it does not.</summary>
public sealed record StoryOptions
{
    /// <summary>Where its data and logs go; made, and deleted again when all went well.</summary>
    public required string Folder { get; init; }

    public int Silos { get; init; } = 3;

    /// <summary>Gateways apart from the silos, beside those that the silos have.</summary>
    public int Gateways { get; init; }

    /// <summary>How often the event of the story happens.</summary>
    public int Times { get; init; } = 3;

    /// <summary>Proxies, each with the whole list of gateways.</summary>
    public int Proxies { get; init; } = 2;

    /// <summary>Requests per second through each proxy, to each service.</summary>
    public int Rate { get; init; } = 15;

    /// <summary>ADS streams beside those of the proxies, spread over the gateways.</summary>
    public int Streams { get; init; } = 60;

    /// <summary>People and machines who change things at the same time, each a service of its own.</summary>
    public int Writers { get; init; } = 3;

    /// <summary>Services whose grains are asked, after a kill, until they answer again.</summary>
    public int Probes { get; init; } = 60;

    public int Seed { get; init; } = 1;

    /// <summary>Told of each step.</summary>
    public Action<string>? Said { get; init; }
}

/// <summary>How a story went.</summary>
/// <param name="Name">Which one.</param>
/// <param name="Problems">What must not be, one line each; empty when every rule held.</param>
/// <param name="Figures">What was counted and measured.</param>
public sealed record StoryResult(string Name, IReadOnlyList<string> Problems, IReadOnlyDictionary<string, double> Figures)
{
    public bool Kept => Problems.Count == 0;
}
