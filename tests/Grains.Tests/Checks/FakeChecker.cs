using System.Collections.Concurrent;
using Mesh.Core.Policies;
using Mesh.Grains.Checks;

namespace Mesh.Grains.Tests.Checks;

/// <summary>Answers as a test says, by the endpoint's port; passes where it says nothing.</summary>
internal sealed class FakeChecker : IHealthChecker
{
    private readonly ConcurrentDictionary<int, Func<Task<CheckResult>>> _answers = new();
    private readonly ConcurrentDictionary<int, int> _asked = new();

    public int Asked(int port) => _asked.GetValueOrDefault(port);

    public void Fails(int port, string note = "503") => Answers(port, () => Task.FromResult(CheckResult.Fail(note)));

    public void Passes(int port) => Answers(port, () => Task.FromResult(CheckResult.Pass));

    public void Answers(int port, Func<Task<CheckResult>> answer) => _answers[port] = answer;

    public Task<CheckResult> Check(HealthCheck check, string address, int port)
    {
        _asked.AddOrUpdate(port, 1, (_, count) => count + 1);
        return _answers.TryGetValue(port, out var answer) ? answer() : Task.FromResult(CheckResult.Pass);
    }
}
