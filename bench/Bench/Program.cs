using Mesh.Bench;
using Mesh.Bench.Capacity;
using Mesh.Bench.Push;
using Mesh.Bench.Verdicts;

const string Usage = $"""
    mesh-bench: measures a control plane of its own process on this machine. Figures are for comparing on one machine, not across.

      {PushCommand.Help}
      {RegisterScenario.Help}
      {StartScenario.Help}
      {ReportScenario.Help}
      {VerdictsCommand.Help}
      {ChecksScenario.Help}
      {CapacityCommand.Help}
      {MoveScenario.Help}
      all        each of them with its defaults

      --silo PATH   the mesh-silo to run; by default the one built beside this
    """;

if (args.Length == 0 || args.Contains("--help"))
{
    Console.WriteLine(Usage);
    return args.Length == 0 ? 2 : 0;
}

var builtSilo = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Mesh.Silo", "release", "mesh-silo"));
if (args[0] == "verdicts")
{
    return await VerdictsCommand.Run(args[1..], builtSilo);
}

if (args[0] == "push")
{
    return await PushCommand.Run(args[1..], builtSilo);
}

if (args[0] == "move")
{
    return await MoveScenario.Run(args[1..]);
}

if (args[0] == "capacity")
{
    return await CapacityCommand.Run(args[1..]);
}

var options = new Dictionary<string, string>();
for (var i = 1; i < args.Length; i += 2)
{
    if (!args[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == args.Length)
    {
        Console.Error.WriteLine($"'{args[i]}' is not an option with a value; see --help.");
        return 2;
    }

    options[args[i][2..]] = args[i + 1];
}

string Text(string name, string fallback) => options.GetValueOrDefault(name, fallback);
int Number(string name, int fallback) => int.Parse(Text(name, $"{fallback}"));

var silo = Text("silo", builtSilo);
if (!File.Exists(silo))
{
    Console.Error.WriteLine($"There is no {silo}; build it with `dotnet build src/Silo -c Release` or name one with --silo.");
    return 2;
}

Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores, .NET {Environment.Version}, {silo.Split('/')[^3]}");
var all = args[0] == "all";
var known = all;
if (all || args[0] == "start")
{
    known = true;
    await StartScenario.Run(silo, Number("rounds", 10));
}

if (all || args[0] == "register")
{
    known = true;
    await RegisterScenario.Run(silo, Number("endpoints", 10_000), Number("in-flight", 64));
}

if (all)
{
    await PushCommand.Run(["--silo", silo, "--variant", "sotw", "--streams", "1000"], silo);
}

if (all || args[0] == "reports")
{
    known = true;
    ReportScenario.Run(Number("endpoints", 1000), Number("requests", 100));
}

if (all || args[0] == "checks")
{
    known = true;
    await ChecksScenario.Run(
        silo, Number("endpoints", 2000), Number("services", 20), Number("interval", 5), Number("seconds", 60), Number("rounds", 2));
}

if (!known)
{
    Console.Error.WriteLine($"'{args[0]}' is not a scenario; see --help.");
}

return known ? 0 : 2;
