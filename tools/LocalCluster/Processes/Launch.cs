using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Mesh.Local.Processes;

/// <summary>
/// How a process is started: a session of its own, so that Ctrl+C in the terminal reaches only whom we tell; and a signal that the kernel sends
/// it when we are gone, so that nothing stays behind however we end. A watching process would do the same with more that can go wrong.
/// </summary>
public sealed record Launch
{
    /// <summary>Starts in which every process of ours has these: its own session, and SIGKILL when we die.</summary>
    public static Launch Default { get; } = new();

    /// <summary>What a process gets when the one that started it ends.</summary>
    public Signal DeathSignal { get; init; } = Signal.Kill;

    /// <summary>The user to run as; null for our own.</summary>
    public (int User, int Group)? User { get; init; }

    /// <summary>The network namespace to run in; null for our own.</summary>
    public string? Namespace { get; init; }

    /// <summary>Variables beside the inherited ones. What is secret belongs here: arguments are for everyone to read.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    internal (string Program, IReadOnlyList<string> Arguments) Wrap(string program, IReadOnlyList<string> arguments)
    {
        List<string> words = [program, .. arguments];
        if (Machine.Find("setpriv") is { } setpriv && OperatingSystem.IsLinux())
        {
            string[] user = User is var (id, group) ? ["--reuid", Text(id), "--regid", Text(group), "--clear-groups"] : [];
            words = [setpriv, "--pdeathsig", DeathSignal switch { Signal.Interrupt => "INT", Signal.Terminate => "TERM", _ => "KILL" }, .. user, .. words];
        }
        else if (User is not null)
        {
            throw new LocalClusterException("setpriv is missing, without which root cannot start a program as another user. apt-get install util-linux");
        }

        if (Namespace is not null)
        {
            words = [Machine.Find("ip") ?? throw new LocalClusterException("ip is missing. apt-get install iproute2"), "netns", "exec", Namespace, .. words];
        }

        if (Machine.Find("setsid") is { } setsid)
        {
            words = [setsid, .. words];
        }

        return (words[0], words[1..]);

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }
}

/// <summary>
/// The one thread that starts processes. The kernel takes the death of the starting <em>thread</em> for the death of the parent, and the
/// threads of the pool come and go.
/// </summary>
internal static class Launcher
{
    private static readonly BlockingCollection<(Process Process, TaskCompletionSource Done)> Waiting = [];

    static Launcher() => new Thread(Work) { IsBackground = true, Name = "starts processes" }.Start();

    public static void Start(Process process)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Waiting.Add((process, done));
        done.Task.GetAwaiter().GetResult();
    }

    private static void Work()
    {
        foreach (var (process, done) in Waiting.GetConsumingEnumerable())
        {
            try
            {
                process.Start();
                done.SetResult();
            }
            catch (Exception failure) when (failure is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                done.SetException(new LocalClusterException($"{process.StartInfo.FileName} cannot be started: {failure.Message}"));
            }
        }
    }
}
